/** The commands and options of `tideline`: one table for the parser and for the help. */

/** One option. Without `value` it is a switch. */
export interface OptionRow {
  /** The name of its value in the help, for example `"dir"`. */
  readonly value?: string;
  readonly help: string;
}

/** One command. */
export interface CommandRow {
  readonly help: string;
  readonly options: Readonly<Record<string, OptionRow>>;
  readonly examples: readonly string[];
}

const EVERYWHERE = {
  json: { help: "Print one JSON object instead of sentences" },
  help: { help: "Show this" },
} as const;

/** All commands by name. */
export const COMMANDS = {
  record: {
    help: "Record that a build is live now",
    options: {
      dist: { value: "dir", help: 'The artifact, with its version.json (default "dist")' },
      file: { value: "path", help: "The version.json itself, where it lies elsewhere" },
      label: {
        value: "version",
        help: "A build without version.json: its version is its identity",
      },
      app: { value: "name", help: "TIDELINE_APP, APP_NAME, else the stamp's" },
      environment: { value: "name", help: "TIDELINE_ENVIRONMENT, else the stamp's" },
      url: { value: "url", help: "The Convex deployment: CONVEX_URL, CONVEX_SELF_HOSTED_URL" },
      "allow-rollback": { help: "Allow a commit that was live before and is not now" },
      severity: { value: "level", help: '"normal" (default) or "critical"' },
      notes: { value: "text", help: "A sentence for those who are told of the update" },
      "as-of-epoch": {
        value: "n",
        help: "Record only while the target is at this epoch (or the build is live)",
      },
      "idempotency-key": { value: "key", help: "Equal keys record once (default: this CI job's)" },
      announce: { help: "Say that the build is on its way, and record nothing yet" },
      abort: { help: "End an announcement without a deployment" },
      timeout: { value: "seconds", help: "How long to try in all (default 60)" },
      "dry-run": { help: "Show what would be sent, and send nothing" },
      ...EVERYWHERE,
    },
    examples: [
      "tideline record --dist apps/web/dist --environment production",
      "tideline record --severity critical --notes 'Fixes lost drafts'",
    ],
  },
  stamp: {
    help: "Show what a build made here and now says about itself",
    options: {
      app: { value: "name", help: "TIDELINE_APP, APP_NAME, else package.json's name" },
      environment: { value: "name", help: 'TIDELINE_ENVIRONMENT, else "local" outside CI' },
      dist: { value: "dir", help: "Add the build id of this artifact" },
      write: { help: "Write it into the artifact's pages and version.json (with --dist)" },
      ...EVERYWHERE,
    },
    examples: ["tideline stamp --json", "tideline stamp --dist public --write"],
  },
} as const satisfies Readonly<Record<string, CommandRow>>;

/** A command's name. */
export type CommandName = keyof typeof COMMANDS;

/** What the process exits with. */
export const EXIT_CODES = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  interrupted: 130,
} as const;
