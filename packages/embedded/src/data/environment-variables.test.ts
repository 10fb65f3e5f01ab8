import { afterEach, beforeEach, expect, test } from "vitest";
import type { EmbeddedDatabase } from "./embedded-database.js";
import { type TestFolder, testFolder } from "./test-database.js";

let folder: TestFolder;
let database: EmbeddedDatabase;

beforeEach(() => {
  folder = testFolder();
  database = folder.open();
});

afterEach(() => folder.remove());

test("variables are set, changed, removed and kept", async () => {
  const heard: number[] = [];
  database.onEnvironmentChange(() => heard.push(database.environmentVariables().size));
  database.setEnvironmentVariables(
    new Map([
      ["A", "1"],
      ["B", ""],
    ]),
  );
  database.setEnvironmentVariables(
    new Map([
      ["A", "2"],
      ["B", null],
      ["NEVER", null],
    ]),
  );
  expect(heard).toEqual([2, 1]);
  await database.close();
  database = folder.open();
  expect([...database.environmentVariables()]).toEqual([["A", "2"]]);
});

const many = (count: number, value = "") =>
  Array.from({ length: count }, (_, index) => [`V${index}`, value] as const);

test.each<[string, readonly (readonly [string, string])[]]>([
  ["does not start with a digit", [["1A", ""]]],
  ["has only letters, digits and underscores", [["A-B", ""]]],
  ["its name has 257 characters", [["A".repeat(257), ""]]],
  ["its value has 8193 bytes", [["A", `${"é".repeat(4096)}x`]]],
  ["there would be 513, at most 512", many(512)],
  ["together they would have", many(65, "x".repeat(8192))],
])("refuses: %s, and changes nothing", (message, variables) => {
  const changes = new Map([["FINE", "1"] as const, ...variables]);
  expect(() => database.setEnvironmentVariables(changes)).toThrow(message);
  expect(database.environmentVariables().size).toBe(0);
});
