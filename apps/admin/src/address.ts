/** What the page's address says: the fleet or which target is shown, and what is filtered by. */
import { useSyncExternalStore } from "react";
import type { TargetName } from "./ledger.js";
import { parseTargetKey, targetKey } from "./ledger.js";

export interface Address {
  readonly page: "target" | "fleet";
  /** Null: whichever comes first. */
  readonly target: TargetName | null;
  readonly filter: string;
  /** Which machines of the fleet are shown, by how they fare; empty: all. */
  readonly state: string;
}

/** The address of the fleet's page. */
export const FLEET_HREF = "?page=fleet";

const listeners = new Set<() => void>();
const notify = () => {
  for (const listener of listeners) listener();
};
addEventListener("popstate", notify);

export function useAddress(): Address {
  const parameters = new URLSearchParams(useSyncExternalStore(subscribe, () => location.search));
  return {
    page: parameters.get("page") === "fleet" ? "fleet" : "target",
    target: parseTargetKey(parameters.get("target") ?? ""),
    filter: parameters.get("filter") ?? "",
    state: parameters.get("state") ?? "",
  };
}

/** Gives the address of a target's page. */
export function targetHref(target: TargetName): string {
  // A slash needs no escape in a query, and people read this.
  return `?target=${targetKey(target)}`;
}

/** Shows another target, as a step that Back undoes. */
export function openTarget(target: TargetName): void {
  open(targetHref(target));
}

/** Shows the fleet, as a step that Back undoes. */
export function openFleet(): void {
  open(FLEET_HREF);
}

/** Changes the filter in place: not every letter is a step back. */
export function setFilter(target: TargetName, filter: string): void {
  replace(`${targetHref(target)}${parameter("filter", filter)}`);
}

/** Changes in place which machines of the fleet are shown. */
export function setFleetFilter({ filter, state }: Pick<Address, "filter" | "state">): void {
  replace(`${FLEET_HREF}${parameter("filter", filter)}${parameter("state", state)}`);
}

function parameter(name: string, value: string): string {
  return value === "" ? "" : `&${name}=${encodeURIComponent(value)}`;
}

function open(href: string): void {
  history.pushState(null, "", href);
  scrollTo(0, 0);
  notify();
}

function replace(href: string): void {
  history.replaceState(null, "", href);
  notify();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
