/** What the page's address says: which target is shown, and what its history is filtered by. */
import { useSyncExternalStore } from "react";
import type { TargetName } from "./ledger.js";
import { parseTargetKey, targetKey } from "./ledger.js";

export interface Address {
  /** Null: whichever comes first. */
  readonly target: TargetName | null;
  readonly filter: string;
}

const listeners = new Set<() => void>();
const notify = () => {
  for (const listener of listeners) listener();
};
addEventListener("popstate", notify);

export function useAddress(): Address {
  const parameters = new URLSearchParams(useSyncExternalStore(subscribe, () => location.search));
  return {
    target: parseTargetKey(parameters.get("target") ?? ""),
    filter: parameters.get("filter") ?? "",
  };
}

/** Gives the address of a target's page. */
export function targetHref(target: TargetName): string {
  // A slash needs no escape in a query, and people read this.
  return `?target=${targetKey(target)}`;
}

/** Shows another target, as a step that Back undoes. */
export function openTarget(target: TargetName): void {
  history.pushState(null, "", targetHref(target));
  scrollTo(0, 0);
  notify();
}

/** Changes the filter in place: not every letter is a step back. */
export function setFilter(target: TargetName, filter: string): void {
  const suffix = filter === "" ? "" : `&filter=${encodeURIComponent(filter)}`;
  history.replaceState(null, "", `${targetHref(target)}${suffix}`);
  notify();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
