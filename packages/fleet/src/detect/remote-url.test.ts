import { describe, expect, it } from "vitest";
import { githubToken } from "./detect-world.js";
import { githubAddress } from "./github-address.js";
import { parseRemoteUrl } from "./remote-url.js";

describe("parseRemoteUrl()", () => {
  it("takes https, and http on this machine", () => {
    for (const remote of ["https://github.com/a/b", "http://127.0.0.1:80/a", "http://[::1]/a"]) {
      expect(parseRemoteUrl(`${remote}/`).href).toBe(new URL(remote).href);
    }
  });

  it.each([
    ["git@github.com:nats-io/nats-server.git", "one for ssh"],
    ["ssh://git@github.com/a/b", "one with a name or a password in it"],
    ["file:///etc", "one with file:"],
    ["/etc/passwd", "something else"],
    ["http://github.com/a/b", "one with http:"],
    ["http://127.0.0.1.example.com/a", "one with http:"],
    ["https://token@github.com/a/b", "one with a name or a password in it"],
    ["https://github.com/a/b?c=d", "one with a query"],
    ["javascript:alert(1)", "one with javascript:"],
  ])("refuses %s", (remote, found) => {
    expect(() => parseRemoteUrl(remote)).toThrow(
      expect.objectContaining({
        reason: "REMOTE_UNUSABLE",
        message: expect.stringContaining(`got ${found}`),
      }),
    );
  });

  it("says no password", () => {
    expect(() => parseRemoteUrl("https://me:secret@host/a")).toThrow(/^(?!.*secret)/);
  });
});

describe("githubAddress()", () => {
  it.each([
    ["https://github.com/a/b.git", "https://api.github.com/repos/a/b"],
    ["https://git.example.com/a/b", "https://git.example.com/api/v3/repos/a/b"],
  ])("gives the interface of %s", (remote, address) => {
    expect(githubAddress(remote)).toBe(address);
  });
});

describe("githubToken()", () => {
  const tokenFor = githubToken({ GITHUB_TOKEN: "t" });
  it("is shown to GitHub alone", () => {
    const shown = ["https://github.com/a", "https://api.github.com/a"];
    const hidden = ["http://github.com/a", "https://github.com.example/a", "http://127.0.0.1/a"];
    expect(shown.map((url) => tokenFor(new URL(url)))).toEqual(["t", "t"]);
    expect(hidden.map((url) => tokenFor(new URL(url)))).toEqual([null, null, null]);
  });
});
