import type { Command, OptionRow } from "./command.js";
import { COMMANDS, type CommandName } from "./commands.js";

const EXITS = `Exit codes
  0    done, or done before
  1    failed: the ledger, git or a registry was not reached or did not accept it
  2    a wrong or missing option, variable or file
  3    refused: an unasked rollback, a held target, another app or environment
  4    conflict: a tag that must never change exists and is another
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
  const { help: what, positionals = [], options, examples }: Command = COMMANDS[name];
  const rows = Object.entries(options).map(
    ([option, row]) => [`--${option}${shownValue(row)}`, row.help] as const,
  );
  const words = positionals.map(({ name: word, isMany, isOptional }) => {
    const shown = `<${word}>${isMany ? " …" : ""}`;
    return ` ${isOptional ? `[${shown}]` : shown}`;
  });
  const wordRows = positionals.map(({ name: word, help }) => [`<${word}>`, help] as const);
  const wordHelp = wordRows.length > 0 ? `${columns(wordRows)}\n\n` : "";
  return `Usage: tideline ${name}${words.join("")} [options]\n\n${what}\n\n${wordHelp}Options\n${columns(rows)}\n\nExamples\n${examples
    .map((example) => `  ${example}`)
    .join("\n")}\n\n${EXITS}\n`;
}

function shownValue({ value, bare }: OptionRow): string {
  if (!value) return "";
  return bare === undefined ? ` <${value}>` : ` [<${value}>]`;
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}
