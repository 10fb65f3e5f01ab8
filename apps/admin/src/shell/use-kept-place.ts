import type { RefObject } from "react";
import { useEffect, useLayoutEffect, useRef } from "react";

interface Place {
  readonly row: HTMLElement;
  /** Where its top was, in pixels from the top of the window. */
  readonly top: number;
}

/**
 * Keeps the row that is being read where it is when something comes in above it.
 *
 * Browsers have this ("scroll anchoring"), Safari alone does not; the stylesheet switches theirs off
 * so that all do the same. Only while the list's head is out of sight: somebody who looks at the
 * top wants to see what comes in.
 *
 * @param list Of rows with `data-row`.
 * @param arrival Another value whenever something came in, such as the newest row's id.
 */
export function useKeptPlace(list: RefObject<HTMLElement | null>, arrival: unknown): void {
  const place = useRef<Place | null>(null);

  useEffect(() => {
    const note = () => {
      place.current = list.current && placeIn(list.current);
    };
    note();
    addEventListener("scroll", note, { passive: true });
    addEventListener("resize", note, { passive: true });
    return () => {
      removeEventListener("scroll", note);
      removeEventListener("resize", note);
    };
  }, [list]);
  // What a reader does to the list, such as opening a row, moves rows without anything coming in.
  useEffect(() => {
    place.current = list.current && placeIn(list.current);
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when something came in
  useLayoutEffect(() => {
    const before = place.current;
    if (before === null || !before.row.isConnected) return;
    const moved = before.row.getBoundingClientRect().top - before.top;
    if (moved !== 0) scrollBy({ top: moved, behavior: "instant" });
  }, [arrival]);
}

/** The first row in sight, or null while the list's head is in sight. */
function placeIn(list: HTMLElement): Place | null {
  if (list.getBoundingClientRect().top >= 0) return null;
  for (const row of list.querySelectorAll<HTMLElement>("[data-row]")) {
    const { top, bottom } = row.getBoundingClientRect();
    if (bottom > 0) return { row, top };
  }
  return null;
}
