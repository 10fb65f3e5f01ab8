import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const RUN = fileURLToPath(new URL("run.mjs", import.meta.url));

test.each(["start", "deploy", "bench", "test-convex"])(
  "%s --help is usage, no work",
  async (name) => {
    const [code, said] = await new Promise<[number, string]>((resolve) => {
      execFile(process.execPath, [RUN, name, "--help"], (error, stdout) => {
        resolve([error === null ? 0 : 1, stdout]);
      });
    });
    expect([code, said]).toEqual([0, expect.stringMatching(/^Usage: npm /)]);
  },
);
