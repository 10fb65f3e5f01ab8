import { COMMANDS, type CommandName, type CommandRow } from "./commands.js";

const EXITS = `Exit codes
  0    done, or done before under the same idempotency key
  1    failed: the ledger was not reached or did not accept it
  2    a wrong or missing option, variable or file
  3    refused: a rollback without --allow-rollback, a held target, another app or environment
  130  interrupted`;

/** Gives the help for one command, or for all of `tideline`. */
export function help(name: CommandName | null): string {
  if (name === null) {
    const rows = Object.entries(COMMANDS).map(([command, row]) => [command, row.help] as const);
    return `Usage: tideline <command> [options]\n\nCommands\n${columns(rows)}\n\nOptions\n${columns(
      [
        ["--help", "Show this, or a command's options"],
        ["--version", "Show the version of tideline"],
      ],
    )}\n\n${EXITS}\n`;
  }
  const { help: what, options, examples }: CommandRow = COMMANDS[name];
  const rows = Object.entries(options).map(
    ([option, { value, help }]) => [`--${option}${value ? ` <${value}>` : ""}`, help] as const,
  );
  return `Usage: tideline ${name} [options]\n\n${what}\n\nOptions\n${columns(rows)}\n\nExamples\n${examples
    .map((example) => `  ${example}`)
    .join("\n")}\n\n${EXITS}\n`;
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}
