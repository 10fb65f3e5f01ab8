import { describe, expect, it } from "vitest";
import { parseSupervisorAddress } from "./supervisor-address.js";

describe("parseSupervisorAddress()", () => {
  it.each([
    ["unix:/run/pc.sock", { kind: "socket", path: "/run/pc.sock" }],
    ["unix:///run/pc.sock", { kind: "socket", path: "/run/pc.sock" }],
    ["http://127.0.0.1:8080", { kind: "port", host: "127.0.0.1", port: 8080 }],
    ["http://localhost", { kind: "port", host: "localhost", port: 80 }],
    ["http://[::1]:8080/", { kind: "port", host: "::1", port: 8080 }],
  ])("reads %s", (text, address) => {
    expect(parseSupervisorAddress(text)).toEqual({ ...address, text });
  });

  it.each(["", "unix:relative", "https://host", "http://host/x", "http://me@host", "8080"])(
    "refuses %j",
    (text) => {
      expect(() => parseSupervisorAddress(text)).toThrow(
        `expected "unix:/path" or "http://host:port", got "${text}"`,
      );
    },
  );
});
