import type { FleetAuditEntry } from "@tideline/version/fleet";
import { useState } from "react";
import { RelativeTime } from "../words/time.js";
import { AUDIT_ACTIONS, actionText, actorName, noteText } from "./audit-words.js";

// What happened lately; the rest for whoever asks, since the machines come below.
const SHOWN = 5;

/** What people and the rollouts did, newest first. */
export function FleetAudit({ audit }: { readonly audit: readonly FleetAuditEntry[] }) {
  const [isAll, setIsAll] = useState(false);
  if (audit.length === 0) return null;
  const shown = isAll ? audit : audit.slice(0, SHOWN);
  return (
    <section aria-labelledby="audit-heading" className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <h2 id="audit-heading" className="text-base font-semibold tracking-tight">
        What was done
      </h2>
      <div className="card px-3 py-1">
        <ol aria-label="What was done, newest first">
          {withKeys(shown).map(({ key, entry }) => (
            <Act key={key} entry={entry} />
          ))}
        </ol>
        {audit.length > SHOWN && !isAll && (
          <p className="border-line border-t p-2 text-center">
            <button type="button" className="button" onClick={() => setIsAll(true)}>
              Show all {audit.length}
            </button>
          </p>
        )}
      </div>
    </section>
  );
}

/** Acts have no id; the few that say the very same are counted from the oldest on, as places shift. */
function withKeys(audit: readonly FleetAuditEntry[]) {
  const counts = new Map<string, number>();
  return audit
    .toReversed()
    .map((entry) => {
      const text = JSON.stringify(entry);
      const count = (counts.get(text) ?? 0) + 1;
      counts.set(text, count);
      return { key: `${text} ${count}`, entry };
    })
    .reverse();
}

function Act({ entry }: { readonly entry: FleetAuditEntry }) {
  const { at, actor, action, channel, subsystem, seq, version } = entry;
  const { Icon, className } = AUDIT_ACTIONS[action];
  const note = noteText(entry);
  return (
    <li className="border-line flex items-start gap-2 border-b py-2 last:border-b-0">
      <Icon aria-hidden size={16} className={`mt-0.5 shrink-0 ${className}`} />
      <p className="min-w-0 grow [overflow-wrap:anywhere]">
        <span className="font-medium">{actionText(entry)}</span>
        {subsystem !== null && ` ${subsystem}`}
        {version !== null && ` ${version}`}
        {seq !== null && <span className="text-muted"> (release {seq})</span>}
        {channel !== null && <span className="text-muted"> in {channel}</span>}
        {note !== null && <span className="text-muted">: {note}</span>}
      </p>
      <p className="text-muted shrink-0 text-right text-xs leading-5 max-sm:max-w-28">
        <span className="[overflow-wrap:anywhere]">{actorName(actor)}</span>
        <span aria-hidden> · </span>
        <RelativeTime at={at} />
      </p>
    </li>
  );
}
