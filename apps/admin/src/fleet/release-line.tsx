import type { FleetRelease } from "@tideline/version/fleet";
import { CircleAlert, Undo2 } from "lucide-react";
import { Badge } from "../words/badge.js";

/** A release in a line: its version, its number, and what is particular about it. */
export function ReleaseLine({ release }: { readonly release: FleetRelease }) {
  const { version, seq, updateClass, isCritical, reverts } = release;
  return (
    <span className="inline-flex max-w-full flex-wrap items-center gap-x-2 gap-y-1">
      <span className="font-medium [overflow-wrap:anywhere]">{version}</span>
      <span className="text-muted text-xs">
        release {seq}, {updateClass}
      </span>
      {reverts !== null && <Badge tone="violet" Icon={Undo2}>{`Back to release ${reverts}`}</Badge>}
      {isCritical && (
        <Badge tone="red" Icon={CircleAlert}>
          Critical
        </Badge>
      )}
    </span>
  );
}
