import { CirclePause, CirclePlay, Rocket, Undo2 } from "lucide-react";
import { useId, useState } from "react";
import { deployAdvice, holdAdvice, releaseAdvice, rollBackAdvice } from "../commands.js";
import type { Target } from "../ledger.js";
import { Command } from "../words/command.js";

/**
 * What can be done with a target. Each action needs a credential that no page may hold, so it shows
 * the exact command.
 */
export function TargetActions({ target }: { readonly target: Target }) {
  const [open, setOpen] = useState<string | null>(null);
  const panelId = useId();
  const isHeld = target.hold !== null;
  const actions = [
    { name: "Deploy", Icon: Rocket, advice: deployAdvice(target) },
    { name: "Roll back", Icon: Undo2, advice: rollBackAdvice(target) },
    isHeld
      ? { name: "Release", Icon: CirclePlay, advice: releaseAdvice(target) }
      : { name: "Hold", Icon: CirclePause, advice: holdAdvice(target) },
  ];
  const chosen = actions.find(({ name }) => name === open);
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap gap-1.5 sm:gap-2">
        {actions.map(({ name, Icon }) => (
          <button
            key={name}
            type="button"
            className="button max-sm:px-2.5"
            aria-expanded={name === open}
            aria-controls={panelId}
            onClick={() => setOpen(name === open ? null : name)}
          >
            <Icon aria-hidden size={15} />
            {name}
          </button>
        ))}
      </div>
      <div id={panelId} hidden={chosen === undefined}>
        {chosen !== undefined && (
          <section aria-label={chosen.name} className="grid gap-1.5">
            <p className="text-muted">{chosen.advice.sentence}</p>
            <Command command={chosen.advice.command} />
          </section>
        )}
      </div>
    </div>
  );
}
