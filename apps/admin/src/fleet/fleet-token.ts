/**
 * The token that the fleet is read with. It comes by hand or in the address' fragment, which no
 * server ever sees, and is kept for as long as the tab.
 */
import { useSyncExternalStore } from "react";

const KEY = "tideline-admin:fleet-token";
const PARAMETER = "fleet-token";

const listeners = new Set<() => void>();
// What stands in for a storage that the browser refuses; the token then lasts as long as the page.
let unstored = "";

/** The token, or null while there is none. */
export function useFleetToken(): string | null {
  return useSyncExternalStore(subscribe, readToken) || null;
}

/** Keeps a token, without the white space around it; an empty text forgets the one that is kept. */
export function setFleetToken(text: string): void {
  const token = text.trim();
  unstored = token;
  try {
    if (token === "") sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, token);
  } catch {
    // Then `unstored` is all there is.
  }
  for (const listener of listeners) listener();
}

/**
 * Takes `#fleet-token=…` out of the address, now and whenever a link with one is opened in this tab.
 * To be called before anything is drawn: what stands in the address is seen by whoever looks at the
 * screen, and is kept in the browser's history.
 *
 * @returns Stops it.
 */
export function takeFleetToken(): () => void {
  const take = () => {
    const { hash, pathname, search } = location;
    const token = tokenIn(hash);
    if (token === null) return;
    history.replaceState(history.state, "", `${pathname}${search}`);
    setFleetToken(token);
  };
  take();
  addEventListener("hashchange", take);
  return () => removeEventListener("hashchange", take);
}

/** Gives the token in a fragment such as "#fleet-token=abc"; null if there is none. */
export function tokenIn(hash: string): string | null {
  for (const part of hash.replace(/^#/, "").split("&")) {
    const [name, ...rest] = part.split("=");
    if (name !== PARAMETER) continue;
    const text = rest.join("=");
    try {
      // Not as in a form: "+" is a character of tokens.
      return decodeURIComponent(text);
    } catch {
      // A lone "%", typed by hand.
      return text;
    }
  }
  return null;
}

function readToken(): string {
  try {
    return sessionStorage.getItem(KEY) ?? unstored;
  } catch {
    return unstored;
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
