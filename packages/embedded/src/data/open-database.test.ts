import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import Sqlite from "libsql";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "./open-database.js";
import {
  collect,
  insert,
  ns,
  result,
  type TestFolder,
  testFolder,
  write,
} from "./test-database.js";

let folder: TestFolder;

beforeEach(() => {
  folder = testFolder();
});

afterEach(() => folder.remove());

test("a database that is open is not opened again, until it is closed", async () => {
  const database = folder.open();
  expect(() => folder.open()).toThrow(
    `Cannot open the database ${JSON.stringify(folder.path)}: another process is using it`,
  );
  await write(database, (t) => insert(t, "rows", { n: 1 }));
  await database.close();
  expect(ns(collect(folder.open().beginQuery(), "rows"))).toEqual([1]);
});

test("a file that is no database is named as such", () => {
  writeFileSync(folder.path, "not a database ".repeat(100));
  expect(() => folder.open()).toThrow("it is not a SQLite database");
});

test("a database of another program is left alone", () => {
  const other = new Sqlite(folder.path);
  other.exec("CREATE TABLE theirs (a)");
  other.close();
  expect(() => folder.open()).toThrow("it is a SQLite database of another program");
});

test("a file of a newer format is left alone", async () => {
  await folder.open().close();
  const file = new Sqlite(folder.path);
  file.pragma("user_version = 99");
  file.close();
  expect(() => folder.open()).toThrow("it has format 99, made by a newer version");
});

test("a damaged file is named as such", async () => {
  const database = folder.open();
  await write(database, (t) => {
    for (let n = 0; n < 2000; n += 1) insert(t, "rows", { n });
  });
  await database.close();
  const damage = Buffer.alloc(4096 * 8, 0x5a);
  writeFileSync(folder.path, damage, { flag: "r+", flush: true });
  expect(() => folder.open()).toThrow(/is not a SQLite database|is damaged/);
});

test("a folder that cannot be made is named as such", () => {
  writeFileSync(folder.path, "");
  const path = `${folder.path}/inner/db.sqlite`;
  expect(() => openDatabase({ path })).toThrow(
    `Cannot open the database ${JSON.stringify(path)}: the file or its folder cannot be written`,
  );
});

// Writes pairs of rows in mutations of both kinds and says each number that is durable.
const WRITER = `
  import { openDatabase } from ${JSON.stringify(new URL("./open-database.ts", import.meta.url).href)};
  const database = openDatabase({ path: process.argv[1] });
  const add = (t, n) => t.syscall("1.0/insert", { table: "rows", value: { n } });
  let next = 0;
  const loop = async () => {
    for (;;) {
      const n = next++;
      const session = { sessionId: "writer", requestId: n };
      await database.mutate({ session }, async (t) => {
        add(t, n);
        if (n % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
        add(t, n);
        return { value: String(n), logLines: [] };
      });
      process.stdout.write(n + "\\n");
    }
  };
  for (let caller = 0; caller < 8; caller += 1) void loop();
`;

test("after SIGKILL in mid-write all that was promised is there, and nothing is there by half", async () => {
  const child = spawn(
    process.execPath,
    [
      "--conditions=convex",
      "--import",
      "tsx",
      "--input-type=module",
      "--eval",
      WRITER,
      folder.path,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const promised: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    promised.push(Number(line));
    if (promised.length === 200) child.kill("SIGKILL");
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  expect(child.signalCode).toBe("SIGKILL");

  const database = folder.open();
  const counts = new Map<number, number>();
  for (const { n } of collect(database.beginQuery(), "rows")) {
    counts.set(n as number, (counts.get(n as number) ?? 0) + 1);
  }
  expect(new Set(counts.values())).toEqual(new Set([2]));
  expect(promised.filter((n) => !counts.has(n))).toEqual([]);
  const session = { sessionId: "writer", requestId: promised.at(-1) ?? 0 };
  const repeat = await database.mutate({ session }, async () => result("ran again"));
  expect(repeat).toMatchObject({ isRepeat: true, value: String(promised.at(-1)) });
});
