import type { LucideIcon } from "lucide-react";
import { CircleAlert, CircleCheck, CircleDashed, CirclePause, Undo2 } from "lucide-react";
import type { Target } from "../ledger.js";
import type { Tone } from "../words/badge.js";

export interface TargetState {
  readonly word: string;
  readonly tone: Tone;
  readonly Icon: LucideIcon;
}

/** Says in one word how a target stands; what asks for a person's attention comes first. */
export function targetState(target: Target): TargetState {
  if (target.hold !== null) return { word: "Held", tone: "amber", Icon: CirclePause };
  if (target.live === null) return { word: "Empty", tone: "plain", Icon: CircleDashed };
  if (target.lastRollbackEpoch === target.epoch) {
    return { word: "Rolled back", tone: "violet", Icon: Undo2 };
  }
  if (target.criticalEpoch === target.epoch) {
    return { word: "Live, critical", tone: "red", Icon: CircleAlert };
  }
  return { word: "Live", tone: "accent", Icon: CircleCheck };
}
