import type { RefObject } from "react";
import { useEffect, useState } from "react";
import type { Deployment } from "../ledger.js";

export interface Arrivals {
  /** How many records came in out of sight, since the head of the list was last seen. */
  readonly unseen: number;
  /** The newest sequence when the page opened; later ones came while it was open. */
  readonly openedAt: number;
}

/**
 * Counts the records that came in while the reader was further down.
 *
 * @param head An element at the head of the list; seeing it is seeing what came in.
 */
export function useArrivals(
  head: RefObject<HTMLElement | null>,
  rows: readonly Deployment[],
): Arrivals {
  const newest = rows[0]?.sequence ?? 0;
  const [openedAt] = useState(newest);
  const [seen, setSeen] = useState(newest);
  const [isHeadInSight, setIsHeadInSight] = useState(true);

  useEffect(() => {
    if (head.current === null) return;
    const observer = new IntersectionObserver(([entry]) => {
      if (entry !== undefined) setIsHeadInSight(entry.isIntersecting);
    });
    observer.observe(head.current);
    return () => observer.disconnect();
  }, [head]);

  if (isHeadInSight && seen !== newest) setSeen(newest);
  return { unseen: Math.max(newest - (isHeadInSight ? newest : seen), 0), openedAt };
}
