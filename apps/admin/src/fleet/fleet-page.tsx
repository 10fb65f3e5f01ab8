import type { FleetMachine, FleetView } from "@tideline/version/fleet";
import { useConvex, usePaginatedQuery, useQueries } from "convex/react";
import { ConvexError } from "convex/values";
import { useEffect, useMemo, useRef, useState } from "react";
import { api } from "../../../../convex/_generated/api.js";
import { setFleetFilter } from "../address.js";
import { AskToken } from "./ask-token.js";
import { FleetBoard } from "./fleet-board.js";
import { FleetSkeleton } from "./fleet-skeleton.js";
import { setFleetToken, useFleetToken } from "./fleet-token.js";
import { NotConfigured } from "./not-configured.js";
import { shareUnchanged } from "./share-unchanged.js";

interface Props {
  readonly filter: string;
  readonly state: string;
}

/** The fleet's page: asks for the token that the fleet is read with, and shows the fleet live. */
export function FleetPage({ filter, state }: Props) {
  const token = useFleetToken();
  return (
    <>
      <title>Fleet · Tideline</title>
      {/* Another token begins anew: nothing of what one showed is left under the next. */}
      <LiveFleet key={token} token={token ?? ""} filter={filter} state={state} />
    </>
  );
}

/** Without a token it asks as well, since the ledger then says whether there is a fleet at all. */
function LiveFleet({ token, filter, state }: Props & { readonly token: string }) {
  const { url } = useConvex();
  const answer = useFleetView(token);
  const [isEverybody, setIsEverybody] = useState(false);
  const everybody = useEverybody(isEverybody ? token : null);
  const view = answer instanceof Error ? undefined : answer;
  const machines = useShared(everybody.machines ?? view?.machines ?? []);
  if (answer instanceof Error) {
    switch (codeOf(answer)) {
      case "UNAUTHENTICATED":
        return <AskToken isWrong={token !== ""} onToken={setFleetToken} />;
      case "FLEET_NOT_CONFIGURED":
        return <NotConfigured />;
      default:
        // What nobody can help here is said by whoever stands around this page, with Retry.
        throw answer;
    }
  }
  if (view === undefined) {
    // It is what nearly every ledger will answer.
    return token === "" ? <AskToken isWrong={false} onToken={setFleetToken} /> : <FleetSkeleton />;
  }
  return (
    <FleetBoard
      view={view}
      machines={machines}
      filter={filter}
      state={state}
      url={url}
      onFilter={setFleetFilter}
      onForget={() => setFleetToken("")}
    >
      {view.hasMoreMachines && everybody.machines === null && (
        <p className="text-muted flex flex-wrap items-center justify-center gap-3 text-center">
          These are the {view.machines.length} machines that reported last.
          <button
            type="button"
            className="button"
            aria-disabled={isEverybody}
            onClick={() => setIsEverybody(true)}
          >
            {isEverybody ? "Loading…" : "Load all machines"}
          </button>
        </p>
      )}
    </FleetBoard>
  );
}

/** The live view; undefined while there is no answer, and the error where that is the answer. */
function useFleetView(token: string): FleetView | Error | undefined {
  const queries = useMemo(
    () => ({ view: { query: api.fleet.watchFleet, args: { token } } }),
    [token],
  );
  // `useQuery` would throw the errors that are states of this page.
  return useQueries(queries).view as FleetView | Error | undefined;
}

/** Every machine there is, page by page; null until all of them are there. */
function useEverybody(token: string | null): { readonly machines: readonly FleetMachine[] | null } {
  const { results, status, loadMore } = usePaginatedQuery(
    api.fleet.listMachines,
    token === null ? "skip" : { token },
    { initialNumItems: 200 },
  );
  useEffect(() => {
    if (status === "CanLoadMore") loadMore(200);
  }, [status, loadMore]);
  return { machines: status === "Exhausted" ? (results as readonly FleetMachine[]) : null };
}

/** The machines, those that say the same as before as the same objects. */
function useShared(machines: readonly FleetMachine[]): readonly FleetMachine[] {
  const before = useRef<readonly FleetMachine[]>([]);
  const shared = useMemo(
    () => shareUnchanged(before.current, machines, ({ machineId }) => machineId),
    [machines],
  );
  useEffect(() => {
    before.current = shared;
  }, [shared]);
  return shared;
}

function codeOf(error: Error): unknown {
  return error instanceof ConvexError
    ? ((error.data ?? {}) as { readonly code?: unknown }).code
    : undefined;
}
