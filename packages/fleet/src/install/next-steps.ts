import { dirname } from "node:path";
import { shellWord } from "../shell-word.js";
import type { Installation } from "./install-sync.js";

/** What a person does after an installation, in order; one sentence each. */
export function nextSteps({ binary, config, machine, unit, missing }: Installation): string[] {
  const folder = dirname(config.path);
  const inShell = shellWord(folder);
  const env = shellWord(`${folder}/.env`);
  return [
    ...(binary.state === "other"
      ? [
          `To run this version instead, update as usual: \`tideline-sync apply sync\` in ${folder}; or remove ${dirname(binary.path)} and install again`,
        ]
      : []),
    ...missing.map(({ line, replaces }) =>
      replaces
        ? `In ${config.path}, put this in place of what is there:  ${line}`
        : `Put this into ${config.path}:  ${line}`,
    ),
    ...(config.isNew
      ? [`Fill in ${config.path}: trust.roots, and a subsystem for each binary`]
      : []),
    ...(machine === null
      ? [
          "To join a fleet, install again with --url and TIDELINE_FLEET_ENROL_TOKEN; without a ledger, set `releases` in the configuration",
        ]
      : [`Put TIDELINE_FLEET_READ_TOKEN=… into ${folder}/.env and run \`chmod 600 ${env}\``]),
    `Look it over: cd ${inShell} && sync/.bin/tideline-sync doctor`,
    ...startSteps(shellWord(binary.kept), inShell, unit),
  ];
}

/** Paths are as a shell takes them. */
function startSteps(kept: string, folder: string, unit: Installation["unit"]): string[] {
  if (unit === null) {
    return [
      `Start it: cd ${folder} && ${kept} guard -- watch; or let process-compose, systemd or the built-in supervisor do so`,
    ];
  }
  const user = unit.scope === "user" ? " --user" : "";
  return [
    `Start it: systemctl${user} daemon-reload && systemctl${user} enable --now tideline-sync`,
    ...(unit.scope === "user"
      ? ["So that it runs while nobody is logged in: loginctl enable-linger"]
      : []),
  ];
}
