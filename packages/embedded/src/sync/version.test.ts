import { expect, it } from "vitest";
import { VersionTable } from "./version.js";

it("equal versions of one moment are one object, others are not", () => {
  const table = new VersionTable();
  const version = table.get(1, 0, 5n);
  expect(table.get(2, 0, 5n)).not.toBe(version);
  expect(table.get(1, 1, 5n)).not.toBe(version);
  expect(table.get(1, 0, 6n)).not.toBe(version);
  const later = table.get(1, 0, 6n);
  table.get(2, 0, 6n);
  expect(table.get(1, 0, 6n)).toBe(later);
});

it("while nothing is committed, clients that come and go do not pile up", () => {
  const table = new VersionTable();
  const first = table.get(0, 0, 5n);
  for (let querySet = 1; querySet <= 10_000; querySet += 1) table.get(querySet, 0, 5n);
  expect(table.get(0, 0, 5n)).not.toBe(first);
  expect(table.get(0, 0, 5n)).toEqual(first);
});
