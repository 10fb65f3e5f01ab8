import type { FleetMachine, FleetRolloutView, FleetSubsystem } from "@tideline/version/fleet";
import { Hourglass, OctagonX } from "lucide-react";
import type { ReactNode } from "react";
import { ExactTime, RelativeTime } from "../words/time.js";
import { failureReasons } from "./failure-reasons.js";
import { NextStep } from "./next-step.js";
import { reasonWords } from "./reason-words.js";
import { ReleaseLine } from "./release-line.js";
import { RolloutRings } from "./rollout-rings.js";

interface Props {
  readonly subsystem: FleetSubsystem;
  readonly rollout: FleetRolloutView;
  readonly machines: readonly FleetMachine[];
}

/** A release on its way: how far it has come, what it waits for, and what went wrong. */
export function RolloutPanel({ subsystem: of, rollout, machines }: Props) {
  const { mode, rings, note, nextStepAt, startedAt } = rollout;
  const isWaiting = mode === "waiting-for-approval";
  return (
    <div className="border-line grid grid-cols-[minmax(0,1fr)] gap-4 border-t pt-4">
      <div className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1">
        <p>
          <span className="text-muted mr-2 text-xs">
            {isWaiting ? "Wants to go out" : "On its way"}
          </span>
          <ReleaseLine release={rollout} />
        </p>
        <p className="text-muted text-xs">
          {isWaiting ? "Published" : "Began"} <RelativeTime at={startedAt} />
          {nextStepAt !== null && (
            <>
              {" · decides next at "}
              <ExactTime at={nextStepAt} />
            </>
          )}
        </p>
      </div>
      {!isWaiting && <RolloutRings mode={mode} rings={rings} />}
      {mode === "halted" ? (
        <Halted subsystem={of} note={note} machines={machines} />
      ) : isWaiting ? (
        <Waits>
          <NextStep code="WAITING_FOR_APPROVAL" subsystem={of.subsystem} />
        </Waits>
      ) : (
        note !== null && (
          <p className="text-muted [overflow-wrap:anywhere]">
            {mode === "paused" ? `No further machine begins: ${note}` : note}
          </p>
        )
      )}
      {mode === "paused" && (
        <p className="text-muted">
          <NextStep code="PAUSED" subsystem={of.subsystem} />
        </p>
      )}
      {of.waiting !== null && (
        <Waits>
          <ReleaseLine release={of.waiting} /> waits for approval meanwhile.{" "}
          <NextStep code="WAITING_FOR_APPROVAL" subsystem={of.subsystem} />
        </Waits>
      )}
    </div>
  );
}

function Waits({ children }: { readonly children: ReactNode }) {
  return (
    <p className="bg-amber-wash text-amber flex items-start gap-2 rounded-lg px-3 py-2">
      <Hourglass aria-hidden size={16} className="mt-0.5 shrink-0" />
      <span className="min-w-0">{children}</span>
    </p>
  );
}

interface HaltedProps {
  readonly subsystem: FleetSubsystem;
  readonly note: string | null;
  readonly machines: readonly FleetMachine[];
}

/** Why it was halted, what to do, and for which reasons machines failed. */
function Halted({ subsystem: of, note, machines }: HaltedProps) {
  const reasons = failureReasons(of, machines);
  return (
    <div className="bg-red-wash text-red flex items-start gap-2 rounded-lg px-3 py-2">
      <OctagonX aria-hidden size={16} className="mt-0.5 shrink-0" />
      <div className="grid min-w-0 gap-1.5">
        {note !== null && <p className="font-medium [overflow-wrap:anywhere]">{note}</p>}
        <p>
          <NextStep code="HALTED" subsystem={of.subsystem} />
        </p>
        {reasons.length > 0 && (
          <ul aria-label="Why machines failed" className="grid gap-1">
            {reasons.map(({ code, machines: names }) => (
              <li key={code}>
                <span className="font-medium">
                  {reasonWords(code)} on {namesText(names)}.
                </span>{" "}
                <NextStep code={code} subsystem={of.subsystem} />
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

/** "workshop-1, workshop-2 and 3 more": enough to know where to look. */
function namesText(names: readonly string[]): string {
  const shown = names.slice(0, 2).join(", ");
  return names.length > 2 ? `${shown} and ${names.length - 2} more` : shown;
}
