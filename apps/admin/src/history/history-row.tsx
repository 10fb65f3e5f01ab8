import { shortCommit } from "@tideline/version";
import { CircleAlert, RotateCw, Tag, Undo2 } from "lucide-react";
import { memo, useId } from "react";
import type { Deployment } from "../ledger.js";
import { isTaken } from "../ledger.js";
import { Badge } from "../words/badge.js";
import { refusalReason } from "../words/deployment-words.js";
import { RelativeTime } from "../words/time.js";
import { Rail } from "./rail.js";
import type { Segment } from "./rollback-bends.js";
import { RowDetails } from "./row-details.js";
import { ROW_STATUS } from "./row-status.js";

export interface HistoryRowProps {
  readonly row: Deployment;
  readonly segments: readonly Segment[];
  readonly lanes: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly isLinked: boolean;
  /** True if it came while the page was open. */
  readonly isArrival: boolean;
  readonly isOpen: boolean;
  /** What a rollback went back from; null if that is not loaded, and for other records. */
  readonly wentBackFrom: Deployment | null;
  onToggle(id: string): void;
}

/** One record. The whole of its head opens the details. Drawn again only when it looks different. */
export const HistoryRow = memo(Row, looksTheSame);

function Row(props: HistoryRowProps) {
  const { row, isArrival, isOpen, wentBackFrom, onToggle } = props;
  const detailsId = useId();
  const reason = refusalReason(row);
  const { word, Icon, className } = ROW_STATUS[row.status];
  return (
    <li
      data-row={row._id}
      data-sequence={row.sequence}
      className={`flex gap-2 px-2 sm:px-3 ${isArrival ? "motion-safe:animate-arrive" : ""}`}
    >
      <Rail {...props} />
      <div className="border-line min-w-0 grow border-b [li:last-child>&]:border-b-0">
        <div className="hover:bg-sunken/60 relative -mx-1 my-1 grid gap-x-4 gap-y-1 rounded-lg px-1 py-2 transition-colors sm:grid-cols-[minmax(0,1fr)_auto]">
          <div className="grid min-w-0 gap-1">
            <h3 className="flex flex-wrap items-center gap-x-2 gap-y-1">
              <button
                type="button"
                data-row-button
                aria-expanded={isOpen}
                aria-controls={detailsId}
                onClick={() => onToggle(row._id)}
                className={`rounded text-left outline-none [overflow-wrap:anywhere] after:absolute after:inset-0 after:rounded-lg focus-visible:after:outline-2 focus-visible:after:outline-accent ${
                  isTaken(row) ? "font-medium" : "text-muted line-through decoration-1"
                }`}
              >
                {row.version}
              </button>
              <RowBadges row={row} />
            </h3>
            <p className="text-muted flex flex-wrap gap-x-2 [overflow-wrap:anywhere]">
              {row.buildNumber > 0 && <span>Build #{row.buildNumber}</span>}
              <code className="font-mono text-[13px]">{shortCommit(row.gitCommit)}</code>
              {reason !== null && <span>{reason}</span>}
              {wentBackFrom !== null && <span>Back from {wentBackFrom.version}</span>}
              {reason === null && row.notes !== undefined && (
                <span className="line-clamp-1">{row.notes}</span>
              )}
            </p>
          </div>
          <p className="text-muted flex flex-wrap items-baseline gap-x-3 sm:flex-col sm:items-end sm:gap-y-1">
            <span className={`inline-flex items-center gap-1.5 ${className}`}>
              <Icon aria-hidden size={14} />
              {word}
            </span>
            <span className="relative">
              <RelativeTime at={row.deployedAt} />
            </span>
          </p>
        </div>
        <div id={detailsId} hidden={!isOpen}>
          {isOpen && <RowDetails row={row} />}
        </div>
      </div>
    </li>
  );
}

/** As React compares by itself, but the segments by what is in them: they are made anew each time. */
function looksTheSame(before: HistoryRowProps, after: HistoryRowProps): boolean {
  const { segments, ...others } = before;
  const names = Object.keys(others) as (keyof typeof others)[];
  return (
    names.every((name) => Object.is(before[name], after[name])) &&
    segments.length === after.segments.length &&
    segments.every(
      ({ lane, part }, index) =>
        lane === after.segments[index]?.lane && part === after.segments[index]?.part,
    )
  );
}

function RowBadges({ row }: { readonly row: Deployment }) {
  return (
    <>
      {row.gitTag !== undefined && row.gitTag !== row.version && (
        <Badge tone="plain" Icon={Tag}>
          {row.gitTag}
        </Badge>
      )}
      {row.kind === "rollback" && (
        <Badge tone="violet" Icon={Undo2}>
          Rollback
        </Badge>
      )}
      {row.kind === "redeploy" && (
        <Badge tone="plain" Icon={RotateCw}>
          Same build again
        </Badge>
      )}
      {row.severity === "critical" && (
        <Badge tone="red" Icon={CircleAlert}>
          Critical
        </Badge>
      )}
    </>
  );
}
