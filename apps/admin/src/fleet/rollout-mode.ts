import type { FleetSubsystem } from "@tideline/version/fleet";
import type { LucideIcon } from "lucide-react";
import {
  CircleCheck,
  CircleDashed,
  CirclePause,
  Hourglass,
  OctagonX,
  TrendingUp,
} from "lucide-react";
import type { Tone } from "../words/badge.js";

export interface SubsystemState {
  readonly word: string;
  readonly tone: Tone;
  readonly Icon: LucideIcon;
}

/** Says in a word or three how a subsystem stands in its channel. */
export function subsystemState({
  rollout,
  settled,
}: Pick<FleetSubsystem, "rollout" | "settled">): SubsystemState {
  const mode = rollout?.mode;
  switch (mode) {
    case "waiting-for-approval":
      return { word: "Waits for approval", tone: "amber", Icon: Hourglass };
    case "running":
      return { word: "Rolling out", tone: "amber", Icon: TrendingUp };
    case "paused":
      return { word: "Paused", tone: "amber", Icon: CirclePause };
    case "halted":
      return { word: "Halted", tone: "red", Icon: OctagonX };
    case "completed":
    case undefined:
      return settled === null
        ? { word: "Nothing settled", tone: "plain", Icon: CircleDashed }
        : { word: "Settled", tone: "accent", Icon: CircleCheck };
    default:
      return mode satisfies never;
  }
}
