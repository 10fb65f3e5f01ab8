import type { BuildId, BuildStamp } from "@tideline/version";
import { expect, test } from "vitest";
import { readStampTag, withoutStampTags, withStampTag } from "./html-stamp.js";

const STAMP: BuildStamp = {
  appName: "web",
  environment: "production",
  buildId: "abc" as BuildId,
  version: `1 "quoted" <b>'&amp;' $1 $& -->`,
  gitCommit: null,
  gitBranch: "fix/>",
  gitDirty: false,
  gitTag: null,
  buildNumber: 1,
  buildTime: 2,
  commitTime: null,
};
const PAGE = "<!doctype html><html><head><title>x</title></head><body></body></html>";

test("what is written is read again, whatever characters it has", () => {
  const html = withStampTag(PAGE, STAMP);
  expect(readStampTag(html)).toEqual({ stamp: STAMP });
  expect(html).toContain("</head><body></body></html>");
  expect(html.match(/<b>/)).toBeNull();
});

test("writing again replaces, and leaves one tag", () => {
  const next = { ...STAMP, buildId: "def" as BuildId };
  const html = withStampTag(withStampTag(PAGE, STAMP), next);
  expect(html).toBe(withStampTag(PAGE, next));
});

test("without its stamp a page is the same for any stamp, and as it was before", () => {
  const other = { ...STAMP, version: "2", buildId: "def" as BuildId };
  expect(withoutStampTags(withStampTag(PAGE, STAMP))).toBe(
    withoutStampTags(withStampTag(PAGE, other)),
  );
  expect(withoutStampTags(withStampTag(PAGE, STAMP))).toBe(PAGE);
});

test.each([
  [`<meta content='{"buildId":"q"}' name='tideline-build'>`],
  [`<META NAME=tideline-build CONTENT="{&#34;buildId&#x22;:&quot;q&quot;}" />`],
  [`<meta\n name="tideline-build"\n content='{"buildId":"q","gitBranch":"a>b"}'>`],
])("a minifier's %s is read", (tag) => {
  expect(readStampTag(`<head>${tag}</head>`)?.stamp?.buildId).toBe("q");
});

test("other meta tags are left alone", () => {
  const html = `<head><meta charset="utf-8"><meta name="description" content="tideline-build"></head>`;
  expect(readStampTag(html)).toBeNull();
  expect(withoutStampTags(html)).toBe(html);
});

test("a tag without a build is a tag with no stamp", () => {
  expect(readStampTag(`<meta name="tideline-build" content="{">`)).toEqual({ stamp: null });
});

test("what has no head stays as it is", () => {
  expect(withStampTag("<p>part</p>", STAMP)).toBe("<p>part</p>");
});
