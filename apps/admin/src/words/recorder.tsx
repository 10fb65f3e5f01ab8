import { ExternalLink } from "lucide-react";
import type { Deployment } from "../ledger.js";
import { recorderName } from "./deployment-words.js";
import { safeLink } from "./safe-link.js";

/** Who recorded a deployment, with a link to the workflow run where one did. */
export function Recorder({ row }: { readonly row: Pick<Deployment, "recordedBy" | "runUrl"> }) {
  const name = recorderName(row.recordedBy);
  const run = safeLink(row.runUrl);
  if (run === null) return name;
  return (
    <a
      href={run}
      target="_blank"
      rel="noreferrer"
      className="text-accent rounded underline decoration-1 underline-offset-2 hover:decoration-2"
    >
      {name}
      <ExternalLink aria-hidden size={12} className="ml-1 inline align-baseline" />
      <span className="sr-only"> (opens the run in a new tab)</span>
    </a>
  );
}
