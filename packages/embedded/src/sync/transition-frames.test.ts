import { describe, expect, it } from "vitest";
import { type QueryResult, toQueryResult } from "./query-result.js";
import { TransitionFrames } from "./transition-frames.js";
import { VersionTable } from "./version.js";

function resultOf(value: string): QueryResult {
  return toQueryResult(
    {
      ok: true,
      value,
      logLines: [],
      journal: null,
      ts: 1n,
      usedIdentity: false,
      usedClock: false,
      readSet: { tableNames: new Set(), isTouchedBy: () => false },
    },
    null,
  );
}

/** Reads the text frames in a buffer (RFC 6455 5.2). */
function textsOf(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    expect(bytes[at]).toBe(0x81);
    const short = bytes.readUInt8(at + 1);
    const [length, head] =
      short < 126
        ? [short, 2]
        : short === 126
          ? [bytes.readUInt16BE(at + 2), 4]
          : [Number(bytes.readBigUInt64BE(at + 2)), 10];
    texts.push(bytes.toString("utf8", at + head, at + head + length));
    at += head + length;
  }
  return texts;
}

describe("TransitionFrames", () => {
  const versions = new VersionTable();
  const start = versions.initial;
  const end = versions.get(1, 0, 9n);

  it("gives clients at one place the same bytes for the same change", () => {
    const frames = new TransitionFrames();
    const result = resultOf("1");
    const first = frames.get(start, end, [{ queryId: 3, result }], true);
    expect(frames.get(start, end, [{ queryId: 3, result }], true)).toBe(first);
    expect(frames.get(start, end, [{ queryId: 4, result }], true)).not.toBe(first);
    expect(frames.get(start, end, [{ queryId: 3, result: resultOf("1") }], true)).not.toBe(first);
    expect(frames.get(end, end, [{ queryId: 3, result }], true)).not.toBe(first);
  });

  it.each([0, 50, 200, 70_000])("a value of %d characters arrives whole", (length) => {
    const value = "é".repeat(length);
    const modifications = [
      { queryId: 1, result: null },
      { queryId: 2, result: resultOf(JSON.stringify(value)) },
    ];
    const texts = textsOf(new TransitionFrames().get(start, end, modifications, true));
    expect(texts).toHaveLength(1);
    expect(JSON.parse(texts[0] ?? "")).toEqual({
      type: "Transition",
      startVersion: { querySet: 0, identity: 0, ts: "AAAAAAAAAAA=" },
      endVersion: { querySet: 1, identity: 0, ts: "CQAAAAAAAAA=" },
      modifications: [
        { type: "QueryRemoved", queryId: 1 },
        { type: "QueryUpdated", queryId: 2, value, logLines: [], journal: null },
      ],
    });
  });

  it("a Transition above 5 MB goes in chunks that are whole text, if the client knows them", () => {
    const value = "😀".repeat(2_000_000);
    const modifications = [{ queryId: 2, result: resultOf(JSON.stringify(value)) }];
    const texts = textsOf(new TransitionFrames().get(start, end, modifications, true));
    const chunks = texts.map((text) => JSON.parse(text));
    expect(chunks.length).toBeGreaterThan(1);
    const whole: string = chunks.map(({ chunk }) => chunk).join("");
    chunks.forEach((chunk, partNumber) => {
      expect(chunk).toMatchObject({
        type: "TransitionChunk",
        partNumber,
        totalParts: chunks.length,
        transitionId: String(Buffer.byteLength(whole)),
      });
      expect(chunk.chunk.isWellFormed?.() ?? true).toBe(true);
    });
    expect(JSON.parse(whole).modifications[0].value === value).toBe(true);
    expect(textsOf(new TransitionFrames().get(start, end, modifications, false))).toHaveLength(1);
  });
});
