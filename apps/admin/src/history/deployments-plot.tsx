import type { Day } from "./deployments-a-day.js";

const DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const STEP = 20;
const BAR = 13;
const HEIGHT = 44;
const TOP = 14;

/** Deployments a day as small bars, each with its number, and the same as a table. */
export function DeploymentsPlot({ days }: { readonly days: readonly Day[] }) {
  const first = days[0];
  if (first === undefined || days.length < 2) return null;
  const total = days.reduce((sum, day) => sum + countOf(day), 0);
  const most = Math.max(...days.map(countOf), 1);
  const hasRollbacks = days.some(({ rollbacks }) => rollbacks > 0);
  const width = days.length * STEP;
  return (
    <figure className="w-full max-w-80">
      <figcaption className="text-muted flex flex-wrap justify-between gap-x-3 text-xs">
        <span>Deployments a day</span>
        {hasRollbacks && (
          <span className="inline-flex items-center gap-1">
            <span aria-hidden className="bg-violet size-2 rounded-sm" /> rollbacks
          </span>
        )}
      </figcaption>
      <svg
        role="img"
        aria-label={`${counted(total, "deployment")} in ${days.length} days, at most ${most} a day`}
        viewBox={`0 0 ${width} ${TOP + HEIGHT + 14}`}
        className="mt-1 w-full"
      >
        {days.map((day, index) => (
          <Bar key={day.startsAt} day={day} x={index * STEP + (STEP - BAR) / 2} most={most} />
        ))}
        <text x={0} y={TOP + HEIGHT + 12} className="fill-muted text-[10px]">
          {DAY.format(first.startsAt)}
        </text>
        <text x={width} y={TOP + HEIGHT + 12} textAnchor="end" className="fill-muted text-[10px]">
          today
        </text>
      </svg>
      <details className="mt-1 text-xs">
        <summary className="text-muted hover:text-ink w-fit cursor-pointer rounded">
          As a table
        </summary>
        <table className="mt-1 w-full text-right">
          <thead className="text-muted">
            <tr>
              <th scope="col" className="text-left font-medium">
                Day
              </th>
              <th scope="col" className="font-medium">
                Deploys
              </th>
              <th scope="col" className="font-medium">
                Rollbacks
              </th>
            </tr>
          </thead>
          <tbody>
            {days.toReversed().map((day) => (
              <tr key={day.startsAt} className="border-line border-t">
                <th scope="row" className="text-left font-normal">
                  {DAY.format(day.startsAt)}
                </th>
                <td>{day.deploys}</td>
                <td>{day.rollbacks}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

function Bar({ day, x, most }: { readonly day: Day; readonly x: number; readonly most: number }) {
  const count = countOf(day);
  const unit = HEIGHT / most;
  const base = TOP + HEIGHT;
  return (
    <g>
      <title>
        {`${DAY.format(day.startsAt)}: ${counted(day.deploys, "deploy")}, ${counted(day.rollbacks, "rollback")}`}
      </title>
      <rect x={x} y={base - 1} width={BAR} height={1} className="fill-rail" />
      <rect
        x={x}
        y={base - count * unit}
        width={BAR}
        height={day.deploys * unit}
        rx={1.5}
        className="fill-accent"
      />
      <rect
        x={x}
        y={base - day.rollbacks * unit}
        width={BAR}
        height={day.rollbacks * unit}
        rx={1.5}
        className="fill-violet"
      />
      {count > 0 && (
        <text
          x={x + BAR / 2}
          y={base - count * unit - 3}
          textAnchor="middle"
          className="fill-muted text-[10px]"
        >
          {count}
        </text>
      )}
    </g>
  );
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function countOf({ deploys, rollbacks }: Day): number {
  return deploys + rollbacks;
}
