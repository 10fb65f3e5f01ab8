import { useConvexConnectionState } from "convex/react";
import { useEffect, useState } from "react";

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
  const [lostAt, setLostAt] = useState<number | null>(null);
  useEffect(() => {
    if (isWebSocketConnected) {
      setLostAt(null);
      return;
    }
    const at = Date.now();
    const timer = setTimeout(() => setLostAt(at), GRACE_MS);
    return () => clearTimeout(timer);
  }, [isWebSocketConnected]);

  if (isWebSocketConnected) return { state: "connected" };
  if (lostAt === null) return { state: hasEverConnected ? "connected" : "connecting" };
  return hasEverConnected ? { state: "reconnecting", lostAt } : { state: "unreachable" };
}
