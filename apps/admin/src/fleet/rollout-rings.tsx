import type { FleetRing, FleetRolloutView } from "@tideline/version/fleet";
import { CircleCheck, CircleDashed, CircleDot, CirclePause, OctagonX } from "lucide-react";
import { ringParts, ringText } from "./ring-parts.js";

const STATES = {
  closed: { word: "Closed", Icon: CircleDashed, className: "text-muted" },
  open: { word: "Open", Icon: CircleDot, className: "text-amber" },
  passed: { word: "Passed", Icon: CircleCheck, className: "text-accent" },
} as const;

/** Of the open ring, while nobody may begin. */
const STOPPED = {
  halted: { word: "Halted", Icon: OctagonX, className: "text-red" },
  paused: { word: "Paused", Icon: CirclePause, className: "text-amber" },
} as const;

interface Props {
  readonly mode: FleetRolloutView["mode"];
  readonly rings: readonly FleetRing[];
}

/** A rollout's rings in their order, each with a bar of how its machines fare and the same in words. */
export function RolloutRings({ mode, rings }: Props) {
  return (
    <ol aria-label="Rings" className="@container grid grid-cols-[minmax(0,1fr)] gap-2.5">
      {rings.map((ring) => (
        <Ring key={ring.name} mode={mode} ring={ring} />
      ))}
    </ol>
  );
}

function Ring({ mode, ring }: { readonly mode: Props["mode"]; readonly ring: FleetRing }) {
  const isStopped = ring.state === "open" && (mode === "halted" || mode === "paused");
  const { word, Icon, className } = isStopped ? STOPPED[mode] : STATES[ring.state];
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 @2xl:grid @2xl:grid-cols-[9rem_minmax(4rem,1fr)_minmax(0,21rem)]">
      <span className="flex min-w-0 items-center gap-1.5" title={word}>
        <Icon aria-hidden size={15} className={`shrink-0 ${className}`} />
        <span className="[overflow-wrap:anywhere]">{ring.name}</span>
        <span className="sr-only">: {word}.</span>
      </span>
      <RingBar ring={ring} />
      <span className="text-muted text-xs [overflow-wrap:anywhere]">{ringText(ring)}</span>
    </li>
  );
}

/** Says nothing that the words beside it do not. */
function RingBar({ ring }: { readonly ring: FleetRing }) {
  const { total, succeeded, failed, vanished, inProgress } = ringParts(ring);
  const parts = [
    ["succeeded", succeeded, "bg-accent"],
    ["in progress", inProgress, "bg-amber/60"],
    ["vanished", vanished, "bg-control"],
    ["failed", failed, "bg-red"],
  ] as const;
  return (
    <span
      aria-hidden
      className="bg-sunken flex h-2 gap-px overflow-hidden rounded-full @max-2xl:order-last @max-2xl:basis-full"
    >
      {parts.map(([name, count, className]) =>
        count === 0 ? null : (
          <span
            key={name}
            // One of thousands is still to be seen.
            className={`min-w-1 motion-safe:transition-[width] ${className}`}
            style={{ width: `${(100 * count) / total}%` }}
          />
        ),
      )}
    </span>
  );
}
