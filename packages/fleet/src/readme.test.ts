/** What the README says that the code says too. */
import { readFile } from "node:fs/promises";
import { REASONS } from "@tideline/version/fleet";
import { Command } from "commander";
import { expect, test } from "vitest";
import { COMMANDS } from "./commands/commands.js";
import { parseConfig } from "./config/parse-config.js";

const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");

test("REASONS.md has every reason code with its next step; `vitest -u` writes it anew", async () => {
  const rows = Object.entries(REASONS).map(([code, step]) => `| \`${code}\` | ${step} |`);
  const head = [
    "# Reason codes",
    "",
    "Why `tideline-sync` refused, rolled back or waits, and what a person does next. Written by a test from",
    "packages/version/src/fleet/reasons.ts.",
    "",
  ];
  const text = [...head, "| code | next step |", "|---|---|", ...rows, ""].join("\n");
  await expect(text).toMatchFileSnapshot("../REASONS.md");
});

test("every command is in the table of commands, and the table has no others", () => {
  const program = new Command();
  const terminal = {
    ...{ cwd: "/", env: {}, isInteractive: false, print: () => {}, log: () => {} },
    signal: new AbortController().signal,
  };
  for (const addTo of COMMANDS) addTo(program, terminal);
  const [, table = ""] = /\n## Commands\n(.*?)\n\| exit code/s.exec(readme) ?? [];
  const first = table.split("\n").filter((line) => line.startsWith("| `"));
  const named = first.flatMap((line) => {
    const [, cell = ""] = line.split(/(?<!\\)\|/);
    return [...cell.matchAll(/`([a-z]+)/g)].map(([, name]) => name);
  });
  expect(named.sort()).toEqual(program.commands.map((command) => command.name()).sort());
});

test("the example of a configuration can be used", () => {
  const [, yaml = ""] = /\n## sync\.config\.yaml\n+```yaml\n(.*?)```/s.exec(readme) ?? [];
  expect(parseConfig(yaml, "/srv/sync.config.yaml", "host")).toMatchObject({ ok: true });
});
