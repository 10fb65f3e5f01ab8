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

test("every command is in the table of commands with all its options, and the table has no others", () => {
  const program = new Command();
  const terminal = {
    ...{ cwd: "/", env: {}, isInteractive: false, print: () => {}, log: () => {} },
    signal: new AbortController().signal,
  };
  for (const addTo of COMMANDS) addTo(program, terminal);
  const [, table = ""] = /\n## Commands\n(.*?)\n\| exit code/s.exec(readme) ?? [];
  const rows = table.split("\n").filter((line) => line.startsWith("| `"));
  const told = rows.map((row) => {
    const [, usage = "", options = ""] = row.split(/(?<!\\)\|/);
    const [, name = ""] = /`(keys [a-z-]+|[a-z]+)/.exec(usage) ?? [];
    return [name, [...options.matchAll(/`(--[a-z-]+)`/g)].map(([, flag]) => flag).sort()];
  });
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(commandsOf(program)));
  expect(told).toHaveLength(commandsOf(program).length);
});

/** Each command as `--help` has it: its name, and the options that not all of them have. */
function commandsOf(program: Command, before = ""): [string, string[]][] {
  return program.commands.flatMap((command): [string, string[]][] => {
    const name = `${before}${command.name()}`;
    if (command.commands.length > 0) return commandsOf(command, `${name} `);
    const flags = command.options.flatMap(({ long, hidden }) => (long && !hidden ? [long] : []));
    const own = flags.filter((flag) => flag !== "--config" && flag !== "--json");
    return [[name, own.sort()]];
  });
}

test("the example of a configuration can be used", () => {
  const [, yaml = ""] = /\n## sync\.config\.yaml\n+```yaml\n(.*?)```/s.exec(readme) ?? [];
  expect(parseConfig(yaml, "/srv/sync.config.yaml", "host")).toMatchObject({ ok: true });
  const [services = ""] =
    /(?<=```yaml\n)supervisor:\n {2}kind: built-in\n.*?(?=```)/s.exec(readme) ?? [];
  expect(services).toContain("services:");
  const whole = yaml.replace(/^supervisor: .*\n/m, services);
  expect(parseConfig(whole, "/srv/sync.config.yaml", "host")).toMatchObject({
    config: { supervisor: { kind: "built-in", services: { nats: { shutdownTimeoutMs: 10_000 } } } },
  });
});
