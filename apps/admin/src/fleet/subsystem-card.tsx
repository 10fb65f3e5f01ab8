import type { FleetAuditEntry, FleetMachine, FleetSubsystem } from "@tideline/version/fleet";
import {
  CirclePause,
  CirclePlay,
  CircleX,
  FastForward,
  OctagonX,
  ShieldCheck,
  Undo2,
} from "lucide-react";
import { useId } from "react";
import { Badge } from "../words/badge.js";
import type { CommandAction } from "../words/command-actions.js";
import { CommandActions } from "../words/command-actions.js";
import { RelativeTime } from "../words/time.js";
import {
  approveAdvice,
  haltAdvice,
  pauseAdvice,
  rejectAdvice,
  resumeAdvice,
  revertAdvice,
  withoutSilentAdvice,
} from "./fleet-commands.js";
import { ReleaseLine } from "./release-line.js";
import { subsystemState } from "./rollout-mode.js";
import { RolloutPanel } from "./rollout-panel.js";

interface Props {
  readonly subsystem: FleetSubsystem;
  readonly machines: readonly FleetMachine[];
  readonly audit: readonly FleetAuditEntry[];
}

/** One subsystem in one channel: what is settled, what is on its way, and what can be done. */
export function SubsystemCard({ subsystem: of, machines, audit }: Props) {
  const { channel, subsystem, settled, rollout } = of;
  const headingId = useId();
  const { word, tone, Icon } = subsystemState(of);
  return (
    <article
      aria-labelledby={headingId}
      className={`card grid grid-cols-[minmax(0,1fr)] gap-4 p-4 ${
        // Rings need the room.
        rollout === null ? "" : "lg:col-span-2"
      }`}
    >
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2">
        <div className="grid min-w-0 gap-1">
          <p className="flex flex-wrap items-center gap-2">
            <span role="status">
              <Badge tone={tone} Icon={Icon}>
                {word}
              </Badge>
            </span>
            <span className="text-muted [overflow-wrap:anywhere]">{channel}</span>
          </p>
          <h3
            id={headingId}
            className="text-lg font-semibold tracking-tight [overflow-wrap:anywhere]"
          >
            {subsystem}
          </h3>
        </div>
        <dl className="min-w-0 sm:text-right">
          <dt className="text-muted text-xs">Settled</dt>
          <dd className="grid gap-0.5 sm:justify-items-end">
            {settled === null ? (
              <span className="text-muted">No release has reached every ring yet</span>
            ) : (
              <>
                <ReleaseLine release={settled} />
                <span className="text-muted text-xs">
                  Published <RelativeTime at={settled.publishedAt} />
                </span>
              </>
            )}
          </dd>
        </dl>
      </div>
      {rollout !== null && <RolloutPanel subsystem={of} rollout={rollout} machines={machines} />}
      <CommandActions actions={actionsOf(of, audit)} to={`${subsystem} in ${channel}`} />
    </article>
  );
}

/** What can be done now; what cannot is not offered. */
function actionsOf(
  subsystem: FleetSubsystem,
  audit: readonly FleetAuditEntry[],
): readonly CommandAction[] {
  const { rollout, waiting, settled } = subsystem;
  const mode = rollout?.mode;
  const isWaiting = mode === "waiting-for-approval" || waiting !== null;
  return [
    ...(isWaiting
      ? [
          { name: "Approve", Icon: ShieldCheck, advice: approveAdvice(subsystem) },
          { name: "Reject", Icon: CircleX, advice: rejectAdvice(subsystem) },
        ]
      : []),
    ...(mode === "paused" || mode === "halted"
      ? [{ name: "Resume", Icon: CirclePlay, advice: resumeAdvice(subsystem) }]
      : []),
    ...(mode === "running"
      ? [{ name: "Pause", Icon: CirclePause, advice: pauseAdvice(subsystem) }]
      : []),
    ...(hasSilent(rollout)
      ? [{ name: "Do not wait", Icon: FastForward, advice: withoutSilentAdvice(subsystem) }]
      : []),
    ...(mode === "running" || mode === "paused"
      ? [{ name: "Halt", Icon: OctagonX, advice: haltAdvice(subsystem) }]
      : []),
    ...(settled !== null
      ? [{ name: "Revert", Icon: Undo2, advice: revertAdvice(subsystem, audit) }]
      : []),
  ];
}

/** Whether machines of the open ring have not begun while others are well: where none is, nobody goes on. */
function hasSilent(rollout: FleetSubsystem["rollout"]): boolean {
  const open = rollout?.mode === "running" ? rollout.rings[rollout.ring] : undefined;
  return (open?.committed ?? 0) > 0 && (open?.started ?? 0) < (open?.machines ?? 0);
}
