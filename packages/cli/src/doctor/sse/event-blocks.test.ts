import { expect, test } from "vitest";
import { eventBlocks } from "./event-blocks.js";

const STREAM =
  '\uFEFFretry: 2345\n\nid: 7\r\nevent: version_update\r\ndata: {"a":1,\ndata:"b":2}\n\n: keep-alive\n\ndata\r\rid: no\0\ndata: x\n\n';

test.each([1, 2, 3, 5, 1000])("pieces of %i characters give the same blocks", (size) => {
  const read = eventBlocks();
  const blocks = [];
  for (let at = 0; at < STREAM.length; at += size) {
    blocks.push(...read(STREAM.slice(at, at + size), at));
  }
  expect(blocks.map(({ event, id, retryMs }) => ({ event, id, retryMs }))).toEqual([
    { event: null, id: null, retryMs: 2345 },
    {
      event: { type: "version_update", data: '{"a":1,\n"b":2}' },
      id: "7",
      retryMs: null,
    },
    { event: null, id: null, retryMs: null },
    { event: { type: "message", data: "" }, id: null, retryMs: null },
    { event: { type: "message", data: "x" }, id: null, retryMs: null },
  ]);
});

test("blocks of one piece have its number and its time", () => {
  const read = eventBlocks();
  expect(read("data: 1\n\ndata: 2\n\nda", 5).map(({ piece, afterMs }) => [piece, afterMs])).toEqual(
    [
      [1, 5],
      [1, 5],
    ],
  );
  expect(read("ta: 3\n\n", 9).map(({ piece, afterMs }) => [piece, afterMs])).toEqual([[2, 9]]);
});
