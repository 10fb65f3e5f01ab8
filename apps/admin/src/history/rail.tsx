/** The timeline's line in one row: the trunk, the row's dot, and what passes of rollbacks. */
import type { Deployment } from "../ledger.js";
import { isTaken } from "../ledger.js";
import type { Segment } from "./rollback-bends.js";

// The middle of a row's first line of text.
const DOT_Y = 22;
// The first lane leaves room for an arrow between it and the dot.
const FIRST_LANE = 20;
const LANE_WIDTH = 9;
const BEND = 7;

interface Props {
  readonly row: Deployment;
  readonly segments: readonly Segment[];
  /** How many lanes the whole history needs, so that all trunks are in one line. */
  readonly lanes: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** False where the rows shown are a choice, and no line leads from one to the next. */
  readonly isLinked: boolean;
}

export function Rail({ row, segments, lanes, isFirst, isLast, isLinked }: Props) {
  const trunk = lanes === 0 ? 9 : 3 + FIRST_LANE + (lanes - 1) * LANE_WIDTH;
  const width = trunk + 9;
  return (
    <div aria-hidden className="relative shrink-0 self-stretch" style={{ width }}>
      <svg aria-hidden="true" className="absolute inset-0 size-full overflow-visible" fill="none">
        {isLinked && (
          <>
            {!isFirst && (
              <line
                x1={trunk}
                x2={trunk}
                y1={0}
                y2={DOT_Y}
                className="stroke-rail"
                strokeWidth={2}
              />
            )}
            {!isLast && (
              <line
                x1={trunk}
                x2={trunk}
                y1={DOT_Y}
                y2="100%"
                className="stroke-rail"
                strokeWidth={2}
              />
            )}
            {segments.map(({ lane, part }) => (
              <BendSegment
                key={`${lane}-${part}`}
                part={part}
                trunk={trunk}
                x={trunk - FIRST_LANE - lane * LANE_WIDTH}
              />
            ))}
          </>
        )}
        <Dot row={row} x={trunk} />
      </svg>
    </div>
  );
}

interface BendProps {
  readonly part: Segment["part"];
  readonly trunk: number;
  /** Where its lane is. */
  readonly x: number;
}

function BendSegment({ part, trunk, x }: BendProps) {
  const stroke = { className: "stroke-violet", strokeWidth: 2, strokeLinecap: "round" } as const;
  switch (part) {
    case "passes":
      return <line x1={x} x2={x} y1={0} y2="100%" {...stroke} strokeLinecap="butt" />;
    case "leaves":
      return (
        <>
          <path
            d={`M${trunk} ${DOT_Y}H${x + BEND}Q${x} ${DOT_Y} ${x} ${DOT_Y + BEND}`}
            {...stroke}
          />
          <line x1={x} x2={x} y1={DOT_Y + BEND} y2="100%" {...stroke} strokeLinecap="butt" />
        </>
      );
    case "returns":
      return (
        <>
          <line x1={x} x2={x} y1={0} y2={DOT_Y - BEND} {...stroke} strokeLinecap="butt" />
          <path
            d={`M${x} ${DOT_Y - BEND}Q${x} ${DOT_Y} ${x + BEND} ${DOT_Y}H${trunk - 9}m-4 -4l4 4l-4 4`}
            {...stroke}
          />
        </>
      );
    default:
      return part satisfies never;
  }
}

function Dot({ row, x }: { readonly row: Deployment; readonly x: number }) {
  if (!isTaken(row)) {
    return (
      <circle
        cx={x}
        cy={DOT_Y}
        r={4}
        className="fill-canvas stroke-control"
        strokeWidth={1.5}
        strokeDasharray="2 2"
      />
    );
  }
  const fill =
    row.kind === "rollback"
      ? "fill-violet"
      : row.status === "live"
        ? "fill-accent"
        : "fill-control";
  return (
    <>
      {row.status === "live" && <circle cx={x} cy={DOT_Y} r={9} className={`${fill} opacity-20`} />}
      <circle
        cx={x}
        cy={DOT_Y}
        r={row.kind === "redeploy" ? 3.5 : 5}
        className={`${fill} stroke-canvas`}
        strokeWidth={2}
      />
    </>
  );
}
