import { ArrowUp } from "lucide-react";
import { useCallback, useMemo, useRef, useState } from "react";
import type { Deployment } from "../ledger.js";
import { stepThrough } from "../shell/step-through.js";
import { useKeptPlace } from "../shell/use-kept-place.js";
import { useShortcuts } from "../shell/use-shortcuts.js";
import { matchesFilter } from "../words/deployment-words.js";
import { SearchField } from "../words/search-field.js";
import { HistoryRow } from "./history-row.js";
import { bendSegments, wentBackFrom } from "./rollback-bends.js";
import { useArrivals } from "./use-arrivals.js";

interface Props {
  /** Newest first. */
  readonly rows: readonly Deployment[];
  readonly filter: string;
  onFilter(filter: string): void;
  /** `none`: everything is loaded. */
  readonly older: "none" | "can-load" | "loading";
  onLoadOlder(): void;
}

/** A target's records as a timeline, newest first, which grows at its head while it is read. */
export function History({ rows, filter, onFilter, older, onLoadOlder }: Props) {
  const [openId, setOpenId] = useState<string | null>(null);
  const head = useRef<HTMLHeadingElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const { unseen, openedAt } = useArrivals(head, rows);
  useKeptPlace(list, rows[0]?._id);

  const isFiltered = filter.trim() !== "";
  const shown = isFiltered ? rows.filter((row) => matchesFilter(row, filter)) : rows;
  const segments = useMemo(() => bendSegments(isFiltered ? [] : rows), [isFiltered, rows]);
  const lanes = Math.max(0, ...segments.flat().map(({ lane }) => lane + 1));

  const toggle = useCallback(
    (id: string) => setOpenId((openId) => (id === openId ? null : id)),
    [],
  );
  useShortcuts({
    j: () => stepThrough(list.current, 1),
    k: () => stepThrough(list.current, -1),
    "/": () => field.current?.select(),
    escape: () => isFiltered && onFilter(""),
  });

  return (
    <section aria-labelledby="history-heading" className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 ref={head} id="history-heading" className="text-base font-semibold tracking-tight">
          History{" "}
          <span className="text-muted font-normal">
            {isFiltered ? `${shown.length} of ` : ""}
            {rows.length}
            {older !== "none" && "+"}
          </span>
        </h2>
        <SearchField
          label="Filter the history"
          placeholder="Version, commit, rollback…"
          value={filter}
          field={field}
          onChange={onFilter}
          onClear={() => onFilter("")}
        />
      </div>

      <div className="card scroll-mt-4 py-1">
        <ArrivalsChip
          unseen={unseen}
          onShow={() => head.current?.scrollIntoView({ block: "center" })}
        />
        {shown.length === 0 && (
          <div className="grid justify-items-center gap-3 px-4 py-10 text-center">
            <p className="text-muted">
              {older === "none"
                ? "No deployment matches the filter."
                : `None of the ${rows.length} loaded deployments matches the filter.`}
            </p>
            <button
              type="button"
              className="button"
              onClick={() => {
                onFilter("");
                field.current?.focus();
              }}
            >
              Clear the filter
            </button>
          </div>
        )}
        <ol ref={list} aria-label="Deployments, newest first">
          {shown.map((row, index) => (
            <HistoryRow
              key={row._id}
              row={row}
              segments={segments[index] ?? []}
              lanes={lanes}
              isFirst={index === 0}
              isLast={index === shown.length - 1 && older === "none"}
              isLinked={!isFiltered}
              isArrival={row.sequence > openedAt}
              isOpen={row._id === openId}
              wentBackFrom={wentBackFrom(rows, row)}
              onToggle={toggle}
            />
          ))}
        </ol>
        {older !== "none" && (
          <p className="p-3 text-center">
            <button
              type="button"
              className="button"
              aria-disabled={older === "loading"}
              onClick={onLoadOlder}
            >
              {older === "loading" ? "Loading…" : "Load older"}
            </button>
          </p>
        )}
      </div>
    </section>
  );
}

interface ChipProps {
  readonly unseen: number;
  onShow(): void;
}

/** Says that records came in above what is being read. */
function ArrivalsChip({ unseen, onShow }: ChipProps) {
  return (
    <div role="status" className="pointer-events-none sticky top-10 z-10 h-0 text-center">
      {unseen > 0 && (
        <button
          type="button"
          onClick={onShow}
          className="bg-accent text-on-accent shadow-float pointer-events-auto inline-flex items-center gap-1.5 rounded-full px-3 py-1 font-medium"
        >
          <ArrowUp aria-hidden size={14} />
          {unseen} new
        </button>
      )}
    </div>
  );
}
