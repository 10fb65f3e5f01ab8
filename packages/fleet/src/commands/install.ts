import { resolve } from "node:path";
import { isSafeAddress } from "../config/config-schema.js";
import type { Installation } from "../install/install-sync.js";
import { nextSteps } from "../install/next-steps.js";
import { ownFile } from "../install/own-file.js";
import { UsageError } from "../usage-error.js";
import { addCommand } from "./add-command.js";

interface InstallCommandOptions {
  readonly dir?: string;
  readonly url?: string;
  readonly token?: string;
  readonly systemd?: true;
  readonly systemdUser?: true;
  readonly unitFolder?: string;
}

/** `tideline-sync install`: this file becomes the machine's updater. */
export const addInstall = addCommand<InstallCommandOptions>({
  usage: "install",
  summary: "Install this tideline-sync on this machine; what is there already stays as it is",
  examples: [
    "node tideline-sync install --dir /srv/fleet",
    "npx --yes --package tideline-fleet-0.1.0.tgz tideline-sync install --systemd-user",
    "TIDELINE_FLEET_ENROL_TOKEN=… tideline-sync install --url https://happy-otter-123.convex.cloud",
  ],
  options: (command) =>
    command
      .option("--dir <folder>", "where sync.config.yaml lies or will lie (default: this folder)")
      .option("--url <address>", "the fleet's ledger")
      .option("--token <token>", "enrols the machine (default: TIDELINE_FLEET_ENROL_TOKEN)")
      .option("--systemd-user", "write a unit for systemd that runs it for this user")
      .option("--systemd", "write a unit for systemd that runs it for the machine")
      .option("--unit-folder <folder>", "where the unit is written (default: systemd's own)"),
  run: async ({ options, terminal }) => {
    const { cwd, env, signal, log } = terminal;
    const file = await ownFile();
    if (file === null) {
      throw new UsageError(
        "Cannot install: expected the one-file executable, got its sources; run `npm run build:sync`, then `node packages/fleet/dist/tideline-sync install`",
      );
    }
    if (options.config !== undefined) {
      throw new UsageError(
        "Cannot install: expected --dir, the configuration's folder, got --config",
      );
    }
    if (options.systemd === true && options.systemdUser === true) {
      throw new UsageError("Cannot install: expected --systemd or --systemd-user, got both");
    }
    if (options.token !== undefined) {
      log("--token can be seen by everybody on this machine; TIDELINE_FLEET_ENROL_TOKEN cannot");
    }
    const { installSync } = await import("../install/install-sync.js");
    const installation = await installSync({
      ...{ file, env, fetch, signal, now: Date.now() },
      folder: resolve(cwd, options.dir ?? "."),
      url: readUrl(options.url),
      enrolToken: options.token || env.TIDELINE_FLEET_ENROL_TOKEN || null,
      systemd: options.systemd ? "system" : options.systemdUser ? "user" : null,
      unitFolder: options.unitFolder === undefined ? null : resolve(cwd, options.unitFolder),
    });
    const steps = nextSteps(installation);
    const text = [...describe(installation), "", "Next:", ...steps.map((step) => `- ${step}`)];
    return { text: text.join("\n"), json: { ...installation, nextSteps: steps } };
  },
});

function readUrl(url: string | undefined): string | null {
  if (url === undefined) return null;
  if (isSafeAddress(url)) return url.replace(/\/+$/, "");
  throw new UsageError(
    `Cannot install: expected --url with an address that begins with https:// (or http:// on this machine) and holds no password, got "${url.replace(/\/\/[^/]*@/, "//…@")}"`,
  );
}

function describe({ binary, config, machine, unit }: Installation): string[] {
  const version = binary.version ?? "of an unknown version";
  const program = {
    installed: `Installed tideline-sync ${version} as ${binary.path}`,
    present: `tideline-sync ${version} is installed already: ${binary.path}`,
    other: `Left alone: ${binary.path} is tideline-sync ${version}`,
  }[binary.state];
  const written = (isNew: boolean) => (isNew ? "Wrote" : "Left alone:");
  return [
    program,
    `${written(config.isNew)} ${config.path}`,
    ...(unit === null ? [] : [`${written(unit.isNew)} ${unit.path}`]),
    ...(machine === null
      ? []
      : [
          `${machine.isNew ? "Enrolled" : "Enrolled before"} at ${machine.url} as ${machine.machineId}`,
        ]),
  ];
}
