import type { LucideIcon } from "lucide-react";
import { Ban, CircleCheck, CircleDashed, History } from "lucide-react";
import type { Deployment } from "../ledger.js";

/** A row's status by word, icon and text colour. */
export const ROW_STATUS: Record<
  Deployment["status"],
  { readonly word: string; readonly Icon: LucideIcon; readonly className: string }
> = {
  live: { word: "Live", Icon: CircleCheck, className: "text-accent font-medium" },
  replaced: { word: "Replaced", Icon: History, className: "text-muted" },
  superseded: { word: "Superseded", Icon: CircleDashed, className: "text-muted" },
  refused: { word: "Refused", Icon: Ban, className: "text-red" },
};
