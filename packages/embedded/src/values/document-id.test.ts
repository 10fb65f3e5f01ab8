import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDocumentId, newInternalId, parseDocumentId } from "./document-id.js";

const tableNumber = fc.integer({ min: 1, max: 0xffff_ffff });
const internalId = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes));
const id = fc.record({ tableNumber, internalId });

test("an id gives back its table number and its bytes", () => {
  fc.assert(
    fc.property(id, (parts) => {
      const text = formatDocumentId(parts);
      expect(text).toMatch(/^[0-9abcdefghjkmnpqrstvwxyz]{31,37}$/);
      expect(parseDocumentId(text)).toEqual(parts);
    }),
  );
});

test("an id with one character changed is no id", () => {
  fc.assert(
    fc.property(id, fc.nat(), fc.constantFrom(..."0123abcxyz"), (parts, at, character) => {
      const text = formatDocumentId(parts);
      const position = at % text.length;
      fc.pre(text[position] !== character);
      const changed = text.slice(0, position) + character + text.slice(position + 1);
      expect(parseDocumentId(changed)).toBeNull();
    }),
  );
});

test.each(["", "abc", "x".repeat(31), "ILOU".repeat(8), "k57".padEnd(38, "0")])(
  "%j is no id",
  (text) => {
    expect(parseDocumentId(text)).toBeNull();
  },
);

test("ids of one table order as their bytes", () => {
  fc.assert(
    fc.property(internalId, internalId, (left, right) => {
      const [leftId, rightId] = [left, right].map((bytes) =>
        formatDocumentId({ tableNumber: 10_001, internalId: bytes }),
      );
      fc.pre(Buffer.compare(left, right) !== 0);
      expect((leftId ?? "") < (rightId ?? "")).toBe(Buffer.compare(left, right) < 0);
    }),
  );
});

test("the last two bytes are the number of the day", () => {
  const bytes = newInternalId(Date.UTC(2026, 10, 20, 23, 59));
  expect(bytes).toHaveLength(16);
  expect(bytes.readUInt16BE(14)).toBe(Date.UTC(2026, 10, 20) / 86_400_000);
});

test("no two of ten thousand new ids are the same", () => {
  const ids = new Set(Array.from({ length: 10_000 }, () => newInternalId(0).toString("hex")));
  expect(ids.size).toBe(10_000);
});
