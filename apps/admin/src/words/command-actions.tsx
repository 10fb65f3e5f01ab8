import type { LucideIcon } from "lucide-react";
import { useId, useState } from "react";
import type { CommandAdvice } from "../commands.js";
import { Command } from "./command.js";

/** Something that can be done, by a command. */
export interface CommandAction {
  readonly name: string;
  readonly Icon: LucideIcon;
  readonly advice: CommandAdvice;
}

interface Props {
  readonly actions: readonly CommandAction[];
  /** What they are done to, where a page has several of these: "nats in stable". */
  readonly to?: string;
}

/**
 * What can be done with something. Each action needs a credential that no page may hold, so it shows
 * the exact command.
 */
export function CommandActions({ actions, to }: Props) {
  const [open, setOpen] = useState<string | null>(null);
  const panelId = useId();
  const chosen = actions.find(({ name }) => name === open);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
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
            {to !== undefined && <span className="sr-only">{to}</span>}
          </button>
        ))}
      </div>
      <div id={panelId} hidden={chosen === undefined}>
        {chosen !== undefined && (
          <section
            aria-label={to === undefined ? chosen.name : `${chosen.name} ${to}`}
            className="grid grid-cols-[minmax(0,1fr)] gap-1.5"
          >
            <p className="text-muted [overflow-wrap:anywhere]">{chosen.advice.sentence}</p>
            <Command command={chosen.advice.command} />
          </section>
        )}
      </div>
    </div>
  );
}
