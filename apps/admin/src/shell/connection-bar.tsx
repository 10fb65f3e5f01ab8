import { WifiOff } from "lucide-react";
import { useLayoutEffect, useRef } from "react";
import { RelativeTime } from "../words/time.js";
import type { Connection } from "./use-connection.js";

interface Props {
  readonly connection: Connection;
  /** Where the Convex deployment should answer. */
  readonly url: string;
}

/** Says whether the bar has something to say. */
export function isBarShown({ state }: Connection): boolean {
  return state === "reconnecting" || state === "unreachable";
}

/** One thin line while the page does not hear from the ledger; nothing otherwise. */
export function ConnectionBar({ connection, url }: Props) {
  const { state } = connection;
  const isDown = isBarShown(connection);
  const bar = useRef<HTMLDivElement>(null);
  // It comes and goes above what is being read, which must stay where it is.
  useLayoutEffect(() => {
    const height = bar.current?.offsetHeight ?? 0;
    if (!isDown || scrollY === 0) return;
    scrollBy({ top: height, behavior: "instant" });
    return () => scrollBy({ top: -height, behavior: "instant" });
  }, [isDown]);
  return (
    <div ref={bar} role="status" className={isDown ? "sticky top-0 z-20" : ""}>
      {isDown && (
        <p className="bg-amber-wash text-amber border-amber/25 flex items-center justify-center gap-2 border-b px-4 py-1 text-center text-[13px] font-medium">
          <WifiOff aria-hidden size={14} className="shrink-0" />
          {state === "reconnecting" ? (
            <span>
              Reconnecting… Last in touch <RelativeTime at={connection.lostAt} />.
            </span>
          ) : (
            <span className="[overflow-wrap:anywhere]">
              Connecting… Nothing answers at {url} yet.
            </span>
          )}
        </p>
      )}
    </div>
  );
}
