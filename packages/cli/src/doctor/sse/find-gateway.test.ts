import { withStampTag } from "@tideline/stamp";
import { type BuildStamp, parseBuildId } from "@tideline/version";
import { describe, expect, test } from "vitest";
import { addressesOf } from "./addresses.js";
import { readPage } from "./read-page.js";

describe("addressesOf()", () => {
  const STREAM = "https://a.example/live/events/version?appName=web";
  test.each([
    "https://a.example/live?appName=web",
    "https://a.example/live/?appName=web#top",
    "https://a.example/live/events/version?appName=web",
    "https://a.example/live/version?appName=web",
    "https://a.example/live/tideline.js?appName=web",
  ])("%s", (url) => {
    expect(addressesOf(url)).toEqual({
      stream: STREAM,
      version: "https://a.example/live/version?appName=web",
      health: "https://a.example/live/healthz?appName=web",
    });
  });

  test("the root of a host is a gateway's folder too", () => {
    expect(addressesOf("http://127.0.0.1:8780").stream).toBe(
      "http://127.0.0.1:8780/events/version",
    );
  });
});

describe("readPage()", () => {
  const PAGE = "https://shop.example/a/b.html";
  test.each([
    ['<script src="/tideline.js">', "https://shop.example/"],
    ["<script defer src='/live/tideline.js?v=2'>", "https://shop.example/live/"],
    ["<SCRIPT SRC=tideline.js data-app=web>", "https://shop.example/a/?appName=web"],
    [
      '<script src="https://live.example/tideline.js" data-app="web" data-environment="staging">',
      "https://live.example/?appName=web&environment=staging",
    ],
    [
      '<script src="/js/tideline.js" data-gateway="https://live.example/x">',
      "https://live.example/x",
    ],
    [
      '<script src="https://live.example/t/tideline.js" data-gateway="x">',
      "https://live.example/t/x",
    ],
    ['<script src="/vendor.js"></script><script src="/tideline.js">', "https://shop.example/"],
  ])("%s", (html, gateway) => {
    expect(readPage(PAGE, html).gateway).toBe(gateway);
  });

  test("the stamp in the head names the target that the tag leaves open", () => {
    const stamp: BuildStamp = {
      ...{ appName: "web", environment: "staging", version: "1.4.2", buildId: parseBuildId("abc") },
      ...{ gitCommit: null, gitBranch: null, gitDirty: false, gitTag: null },
      ...{ buildNumber: 7, buildTime: 1_700_000_000_000, commitTime: null },
    };
    const page = (attributes: string) =>
      withStampTag(`<head><script src="/tideline.js" ${attributes}></script></head>`, stamp);
    expect(readPage(PAGE, page("")).gateway).toBe(
      "https://shop.example/?appName=web&environment=staging",
    );
    expect(readPage(PAGE, page('data-app="shop"')).gateway).toBe(
      "https://shop.example/?appName=shop&environment=staging",
    );
  });

  test.each(["", '<script src="/other-tideline.jsx">', "<script>tideline.js</script>"])(
    "no gateway in %j",
    (html) => {
      expect(readPage(PAGE, html)).toEqual({
        url: PAGE,
        gateway: null,
        isTagCommentedOut: false,
        placeholder: null,
      });
    },
  );

  const TAG = '<script src="/tideline.js"></script>';
  test.each([
    `<!-- ${TAG} -->`,
    `<!-- later:\n${TAG}`,
    `<script>var comment = "";</script><!--${TAG}-->`,
  ])("a tag in a comment is none: %j", (html) => {
    expect(readPage(PAGE, html)).toMatchObject({ gateway: null, isTagCommentedOut: true });
  });

  test("what a script says of comments and tags is its own affair", () => {
    const html = `<script>a = "<!--";</script>${TAG}<script>b = "-->";</script>`;
    expect(readPage(PAGE, html).gateway).toBe("https://shop.example/");
    expect(readPage(PAGE, `<script>a = '<script src="/tideline.js">';</script>`).gateway).toBe(
      null,
    );
  });

  test.each([
    "{{ version }}",
    "v{{ version }}",
    "<%= version %>",
    "#{version}",
    "__VERSION__",
    "%VERSION%",
    "dev",
    "",
  ])("a body whose version is %j has none", (version) => {
    expect(readPage(PAGE, `<body class=a data-app-version="${version}">`).placeholder).toBe(
      version,
    );
  });

  test("a version is none of those, and a stamp in the head counts for more", () => {
    expect(readPage(PAGE, '<body data-app-version="1.4.2">').placeholder).toBeNull();
    const stamp = "{&quot;appName&quot;:&quot;web&quot;,&quot;buildId&quot;:&quot;abc&quot;}";
    const html = `<meta name="tideline-build" content="${stamp}"><body data-app-version="{{ v }}">`;
    expect(readPage(PAGE, html).placeholder).toBeNull();
  });
});
