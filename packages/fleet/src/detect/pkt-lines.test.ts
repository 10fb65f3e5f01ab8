import { describe, expect, it } from "vitest";
import { packet, readFlushedPackets, readPackets } from "./pkt-lines.js";

const read = (text: string) =>
  readFlushedPackets(Buffer.from(text, "latin1"), "a remote").map((one) => one.toString());

describe("readFlushedPackets()", () => {
  it("gives the lines up to the last flush, without their newlines", () => {
    expect(read("0006a\n0005b00010007c \n0000")).toEqual(["a", "b", "delimiter", "c "]);
    expect(read("0000")).toEqual([]);
  });

  it.each([
    ["nothing", ""],
    ["a part of a length", "00"],
    ["a part of a line", "0006a"],
    ["a line without a flush", "0006a\n"],
    ["a delimiter at the end", "0006a\n0001"],
    ["a part of the flush", "0006a\n000"],
  ])("refuses %s as LISTING_INCOMPLETE", (_, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ reason: "LISTING_INCOMPLETE" }));
  });

  it.each([
    ["a page", "<html>0000"],
    ["the length that is not in use", "00030000"],
    ["an empty line", "00040000"],
    ["a line that is longer than git allows", `fff1${"a".repeat(65_517)}0000`],
    ["a sign before the length", "+0050000"],
  ])("refuses %s as REMOTE_NOT_GIT", (_, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ reason: "REMOTE_NOT_GIT" }));
  });

  it("gives what the server says as an error, which has no flush", () => {
    expect(() => read("0013ERR access denied\n".replace("0013", "0016"))).toThrow(
      'the server said "access denied"',
    );
  });

  it("refuses a valid listing at each of its prefixes", () => {
    const whole = `${packet(`${"a".repeat(40)} refs/tags/v1`)}${packet("b")}0000`;
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => read(whole.slice(0, length))).toThrow("expected packets up to a flush");
    }
    expect(read(whole)).toHaveLength(2);
  });
});

describe("packet()", () => {
  it("counts bytes, its own length and the newline", () => {
    expect(packet("a")).toBe("0006a\n");
    expect(packet("ä")).toBe("0007ä\n");
    expect(readPackets(Buffer.from(packet("ä")), "a remote").map(String)).toEqual(["ä"]);
  });
});
