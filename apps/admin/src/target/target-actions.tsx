import { CirclePause, CirclePlay, Rocket, Undo2 } from "lucide-react";
import { deployAdvice, holdAdvice, releaseAdvice, rollBackAdvice } from "../commands.js";
import type { Target } from "../ledger.js";
import { CommandActions } from "../words/command-actions.js";

/** What can be done with a target. */
export function TargetActions({ target }: { readonly target: Target }) {
  const isHeld = target.hold !== null;
  const actions = [
    { name: "Deploy", Icon: Rocket, advice: deployAdvice(target) },
    { name: "Roll back", Icon: Undo2, advice: rollBackAdvice(target) },
    isHeld
      ? { name: "Release", Icon: CirclePlay, advice: releaseAdvice(target) }
      : { name: "Hold", Icon: CirclePause, advice: holdAdvice(target) },
  ];
  return <CommandActions actions={actions} />;
}
