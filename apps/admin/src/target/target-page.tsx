import { usePaginatedQuery } from "convex/react";
import { api } from "../../../../convex/_generated/api.js";
import { setFilter } from "../address.js";
import { deploymentsADay } from "../history/deployments-a-day.js";
import { DeploymentsPlot } from "../history/deployments-plot.js";
import { History } from "../history/history.js";
import type { Target } from "../ledger.js";
import { HistorySkeleton } from "../shell/skeletons.js";
import { liveSince } from "./live-since.js";
import { TargetHeader } from "./target-header.js";

const PAGE_SIZE = 50;
const PLOT_DAYS = 14;

interface Props {
  readonly target: Target;
  readonly filter: string;
}

/** One target: what is live, and its history, both as they are now. */
export function TargetPage({ target, filter }: Props) {
  const { appName, environment } = target;
  const { results, status, loadMore } = usePaginatedQuery(
    api.deployments.listDeployments,
    { appName, environment },
    { initialNumItems: PAGE_SIZE },
  );
  const days = deploymentsADay(results, {
    now: Date.now(),
    days: PLOT_DAYS,
    isComplete: status === "Exhausted",
  });
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-6">
      <title>{`${appName}/${environment} · Tideline`}</title>
      <TargetHeader target={target} since={liveSince(target, results)}>
        {status !== "LoadingFirstPage" && <DeploymentsPlot days={days} />}
      </TargetHeader>
      {status === "LoadingFirstPage" ? (
        <HistorySkeleton />
      ) : (
        <History
          rows={results}
          filter={filter}
          onFilter={(text) => setFilter(target, text)}
          older={
            status === "Exhausted" ? "none" : status === "LoadingMore" ? "loading" : "can-load"
          }
          onLoadOlder={() => loadMore(PAGE_SIZE)}
        />
      )}
    </div>
  );
}
