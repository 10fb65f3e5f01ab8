import { useConvexConnectionState } from "convex/react";
import { useEffect, useState, useSyncExternalStore } from "react";

// A socket that is back within this time was not missed by anybody.
const GRACE_MS = 1_200;

/**
 * ```text
 * connecting ──> connected <──> reconnecting
 *     └── 1.2 s ──> unreachable ──> connected
 * ```
 */
export type Connection =
  | { readonly state: "connecting" }
  | { readonly state: "unreachable" }
  | { readonly state: "connected" }
  /** What is on screen was true at `lostAt` (ms since epoch). */
  | { readonly state: "reconnecting"; readonly lostAt: number };

/** How the live connection stands. */
export function useConnection(): Connection {
  const { isWebSocketConnected, hasEverConnected } = useConvexConnectionState();
  // A socket whose network is gone takes a minute to notice; the browser knows at once.
  const isConnected =
    useSyncExternalStore(listenForNetwork, () => navigator.onLine) && isWebSocketConnected;
  const [lostAt, setLostAt] = useState<number | null>(null);
  useEffect(() => {
    if (isConnected) {
      setLostAt(null);
      return;
    }
    const at = Date.now();
    const timer = setTimeout(() => setLostAt(at), GRACE_MS);
    return () => clearTimeout(timer);
  }, [isConnected]);

  if (isConnected) return { state: "connected" };
  if (lostAt === null) return { state: hasEverConnected ? "connected" : "connecting" };
  return hasEverConnected ? { state: "reconnecting", lostAt } : { state: "unreachable" };
}

function listenForNetwork(onChange: () => void): () => void {
  addEventListener("online", onChange);
  addEventListener("offline", onChange);
  return () => {
    removeEventListener("online", onChange);
    removeEventListener("offline", onChange);
  };
}
