import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { bucketOf } from "./bucket.js";

describe("bucketOf()", () => {
  test("is 48 bits of a sha256 over the three names", async () => {
    const digest = createHash("sha256")
      .update('["tideline-bucket","m-1","nats","2.10.25"]')
      .digest();
    expect(await bucketOf("m-1", "nats", "2.10.25")).toBe(digest.readUIntBE(0, 6) / 2 ** 48);
  });

  test("another version shuffles the machines, and no two triples are taken for one", async () => {
    const buckets = await Promise.all([
      bucketOf("m-1", "nats", "2.10.25"),
      bucketOf("m-1", "nats", "2.10.26"),
      bucketOf("m-1", "arc", "2.10.25"),
      bucketOf("m-2", "nats", "2.10.25"),
      bucketOf("m-1n", "ats", "2.10.25"),
    ]);
    expect(new Set(buckets).size).toBe(buckets.length);
  });

  test("spreads machines evenly from 0 up to but not including 1", async () => {
    const tenths = Array<number>(10).fill(0);
    for (let index = 0; index < 5_000; index++) {
      const bucket = await bucketOf(`machine-${index}`, "nats", "2.10.25");
      const tenth = Math.floor(bucket * 10);
      tenths[tenth] = (tenths[tenth] ?? Number.NaN) + 1;
    }
    expect(Math.min(...tenths)).toBeGreaterThan(400);
    expect(Math.max(...tenths)).toBeLessThan(600);
  });
});
