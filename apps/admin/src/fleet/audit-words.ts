import type { FleetAuditEntry } from "@tideline/version/fleet";
import type { LucideIcon } from "lucide-react";
import {
  Ban,
  CheckCheck,
  CircleDot,
  CirclePause,
  CirclePlay,
  CircleX,
  History,
  OctagonX,
  Server,
  ShieldAlert,
  ShieldCheck,
  Upload,
} from "lucide-react";

/** What was done, as words that stand before the release. */
export const AUDIT_ACTIONS: Readonly<
  Record<
    FleetAuditEntry["action"],
    { readonly word: string; readonly Icon: LucideIcon; readonly className: string }
  >
> = {
  publish: { word: "Published", Icon: Upload, className: "text-accent" },
  approve: { word: "Approved", Icon: ShieldCheck, className: "text-accent" },
  reject: { word: "Rejected", Icon: CircleX, className: "text-red" },
  pause: { word: "Paused", Icon: CirclePause, className: "text-amber" },
  resume: { word: "Resumed", Icon: CirclePlay, className: "text-accent" },
  halt: { word: "Halted", Icon: OctagonX, className: "text-red" },
  "open-ring": { word: "Opened a ring", Icon: CircleDot, className: "text-amber" },
  complete: { word: "Completed", Icon: CheckCheck, className: "text-accent" },
  supersede: { word: "Superseded", Icon: History, className: "text-muted" },
  enrol: { word: "Enrolled", Icon: Server, className: "text-muted" },
  quarantine: { word: "Quarantined", Icon: ShieldAlert, className: "text-red" },
  refused: { word: "Refused", Icon: Ban, className: "text-red" },
};

/** Says who did it, from what the ledger stores of the credential. */
export function actorName(actor: string): string {
  if (actor === "token") return "Operator";
  if (actor === "rollout") return "By itself";
  const [, kind, name] = /^(token|machine):(.+)$/.exec(actor) ?? [];
  if (kind === undefined) return actor;
  // Of an id a few letters tell machines apart; the whole of it is with the machine.
  return kind === "token" ? `Operator of ${name}` : `Machine ${name?.slice(0, 8)}`;
}

/** Says what was done, before the release it was done to: "Approved", "Opened “10 %” for". */
export function actionText({ action, note }: Pick<FleetAuditEntry, "action" | "note">): string {
  if (action === "open-ring" && note !== null) return `Opened “${note}” for`;
  if (action === "enrol" && note !== null) return `Enrolled ${note}`;
  return AUDIT_ACTIONS[action].word;
}

/** Why it was done, by whoever did it; null if nobody said. The name of a ring or machine is no such note. */
export function noteText({
  action,
  note,
}: Pick<FleetAuditEntry, "action" | "note">): string | null {
  return action === "open-ring" || action === "enrol" ? null : note;
}
