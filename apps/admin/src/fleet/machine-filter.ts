import type { FleetMachine } from "@tideline/version/fleet";
import { hasAllWords } from "../words/has-all-words.js";
import { type InstallGroup, installState, newestAttempt } from "./install-state.js";
import { platformText } from "./platform-text.js";
import { reasonWords } from "./reason-words.js";

/** How machines can be chosen, in the order of the choices. `silent`: enrolled, and never said what runs. */
export const MACHINE_GROUPS = [
  { group: "outlier", word: "Other bytes" },
  { group: "failed", word: "Failed" },
  { group: "updating", word: "Updating" },
  { group: "held-back", word: "Held back" },
  { group: "unknown", word: "Unknown" },
  { group: "silent", word: "Silent" },
  { group: "well", word: "Well" },
] as const satisfies readonly { group: InstallGroup | "silent"; word: string }[];

export type MachineGroup = (typeof MACHINE_GROUPS)[number]["group"];

/** Reads a group out of an address; null is every machine. */
export function parseGroup(text: string): MachineGroup | null {
  return MACHINE_GROUPS.find(({ group }) => group === text)?.group ?? null;
}

/** The groups that a machine belongs to, by its subsystems: it is "well" only if all of them are. */
export function groupsOf({ subsystems }: FleetMachine): ReadonlySet<MachineGroup> {
  if (subsystems.length === 0) return new Set(["silent"]);
  const groups = new Set<MachineGroup>(subsystems.map((install) => installState(install).group));
  if (groups.size > 1) groups.delete("well");
  return groups;
}

/** Says whether every word of the filter is somewhere in what is shown of the machine. */
export function matchesText(machine: FleetMachine, filter: string): boolean {
  const texts = [
    machine.name,
    machine.machineId,
    machine.channel,
    machine.platform,
    platformText(machine.platform),
    ...machine.subsystems.flatMap((install) => {
      const { subsystem, version, seq, sha256 } = install;
      const attempt = newestAttempt(install);
      return [
        ...[subsystem, version, sha256, installState(install).word],
        seq === null ? "" : `#${seq}`,
        ...(attempt === null ? [] : [attempt.version, `#${attempt.seq}`, attempt.detail]),
        ...(attempt?.reason ? [attempt.reason, reasonWords(attempt.reason)] : []),
      ];
    }),
  ];
  return hasAllWords(texts, filter);
}
