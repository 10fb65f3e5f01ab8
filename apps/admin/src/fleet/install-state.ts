import type { FleetInstall } from "@tideline/version/fleet";
import { attemptOutcome } from "@tideline/version/fleet";
import type { LucideIcon } from "lucide-react";
import {
  CircleCheck,
  CircleDashed,
  CirclePause,
  CircleX,
  Fingerprint,
  LoaderCircle,
  Siren,
  Undo2,
} from "lucide-react";
import type { Tone } from "../words/badge.js";

/** How one subsystem of a machine fares, as people sort machines by it. */
export type InstallGroup = "outlier" | "failed" | "updating" | "held-back" | "well" | "unknown";

export interface InstallState {
  readonly group: InstallGroup;
  readonly word: string;
  readonly tone: Tone;
  readonly Icon: LucideIcon;
}

/** Says in one word how a subsystem fares on a machine; what asks for a person comes first. */
export function installState(install: FleetInstall): InstallState {
  const { state, reason = null } = newestAttempt(install) ?? {};
  if (install.isOutlier) {
    return { group: "outlier", word: "Other bytes", tone: "red", Icon: Fingerprint };
  }
  switch (state) {
    case "needs-operator":
      return { group: "failed", word: "Needs somebody", tone: "red", Icon: Siren };
    case "rolled-back":
      return { group: "failed", word: "Rolled back", tone: "violet", Icon: Undo2 };
    case "refused":
      return attemptOutcome({ state, reason }) === "failed"
        ? { group: "failed", word: "Refused", tone: "red", Icon: CircleX }
        : { group: "held-back", word: "Held back", tone: "amber", Icon: CirclePause };
    case "downloading":
      return { group: "updating", word: "Downloading", tone: "amber", Icon: LoaderCircle };
    case "soaking":
      return { group: "updating", word: "Being watched", tone: "amber", Icon: LoaderCircle };
    case "committed":
      return { group: "well", word: "Well", tone: "accent", Icon: CircleCheck };
    case undefined:
      return install.sha256 === null
        ? { group: "unknown", word: "Unknown", tone: "plain", Icon: CircleDashed }
        : { group: "well", word: "Runs", tone: "accent", Icon: CircleCheck };
    default:
      return state satisfies never;
  }
}

/** The newest try, unless what runs is newer: then it was installed past it, by hand. */
export function newestAttempt({ attempt, seq }: FleetInstall): FleetInstall["attempt"] {
  return attempt !== null && seq !== null && seq > attempt.seq ? null : attempt;
}
