import type { FleetMachine } from "@tideline/version/fleet";
import type { ReactNode, RefObject } from "react";
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { stepThrough } from "../shell/step-through.js";
import { useKeptPlace } from "../shell/use-kept-place.js";
import { useShortcuts } from "../shell/use-shortcuts.js";
import { SearchField } from "../words/search-field.js";
import { groupsOf, MACHINE_GROUPS, type MachineGroup, matchesText } from "./machine-filter.js";
import { MachineRow } from "./machine-row.js";

/** So many are drawn at once; more of them on request. */
const PAGE = 100;

interface Props {
  /** In the order in which they are shown. */
  readonly machines: readonly FleetMachine[];
  readonly filter: string;
  /** Null: all. */
  readonly group: MachineGroup | null;
  /** Another value whenever something came in, here or above. */
  readonly arrival: unknown;
  readonly heading: RefObject<HTMLHeadingElement | null>;
  onChange(choice: { readonly filter: string; readonly group: MachineGroup | null }): void;
  /** What stands below the list. */
  readonly children?: ReactNode;
}

/** The machines, filtered by text and by how they fare. */
export function MachineList(props: Props) {
  const { machines, filter, group, arrival, heading, onChange, children } = props;
  const [openId, setOpenId] = useState<string | null>(null);
  const [limit, setLimit] = useState(PAGE);
  const list = useRef<HTMLOListElement>(null);
  const field = useRef<HTMLInputElement>(null);
  useKeptPlace(list, arrival);

  // Typing goes on while the rows are still those of a letter before.
  const text = useDeferredValue(filter);
  const found = useMemo(
    () => (text.trim() === "" ? machines : machines.filter((one) => matchesText(one, text))),
    [machines, text],
  );
  const counts = useMemo(() => countGroups(found), [found]);
  const shown = useMemo(
    () => (group === null ? found : found.filter((one) => groupsOf(one).has(group))),
    [found, group],
  );
  const isFiltered = text.trim() !== "" || group !== null;

  const toggle = useCallback(
    (id: string) => setOpenId((openId) => (id === openId ? null : id)),
    [],
  );
  const showMore = useFocusedMore(list, limit, () => setLimit(limit + PAGE));
  useShortcuts({
    j: () => stepThrough(list.current, 1),
    k: () => stepThrough(list.current, -1),
    "/": () => field.current?.select(),
    escape: () => isFiltered && clear(),
  });
  const clear = () => onChange({ filter: "", group: null });

  return (
    <section aria-labelledby="machines-heading" className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2
          ref={heading}
          id="machines-heading"
          tabIndex={-1}
          className="scroll-mt-10 text-base font-semibold tracking-tight outline-none"
        >
          Machines{" "}
          <span className="text-muted font-normal">
            {isFiltered ? `${shown.length} of ` : ""}
            {machines.length}
          </span>
        </h2>
        <SearchField
          label="Filter the machines"
          placeholder="Name, version, reason…"
          value={filter}
          field={field}
          onChange={(text) => onChange({ filter: text, group })}
          onClear={() => onChange({ filter: "", group })}
        />
      </div>
      <GroupChoice
        counts={counts}
        total={found.length}
        group={group}
        onGroup={(next) => onChange({ filter, group: next })}
      />
      <div className="card overflow-clip">
        {shown.length === 0 && (
          <div className="grid justify-items-center gap-3 px-4 py-10 text-center">
            <p className="text-muted">No machine matches the filter.</p>
            <button
              type="button"
              className="button"
              onClick={() => {
                clear();
                field.current?.focus();
              }}
            >
              Clear the filter
            </button>
          </div>
        )}
        <ol ref={list} aria-label="Machines, by name">
          {shown.slice(0, limit).map((machine) => (
            <MachineRow
              key={machine.machineId}
              machine={machine}
              isOpen={machine.machineId === openId}
              onToggle={toggle}
            />
          ))}
          {shown.length > limit && (
            <li className="p-3 text-center">
              <button type="button" data-row-button className="button" onClick={showMore}>
                Show {Math.min(PAGE, shown.length - limit)} more of {shown.length - limit}
              </button>
            </li>
          )}
        </ol>
      </div>
      {children}
    </section>
  );
}

/** Has the focus go on to the first of the rows that are shown then, for whoever steps through them. */
function useFocusedMore(
  list: RefObject<HTMLElement | null>,
  limit: number,
  more: () => void,
): () => void {
  const from = useRef<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when more are shown
  useEffect(() => {
    if (from.current === null) return;
    const rows = list.current?.querySelectorAll<HTMLElement>("[data-row-button]");
    rows?.[from.current]?.focus();
    from.current = null;
  }, [limit]);
  return () => {
    from.current = limit;
    more();
  };
}

interface GroupChoiceProps {
  readonly counts: ReadonlyMap<MachineGroup, number>;
  readonly total: number;
  readonly group: MachineGroup | null;
  onGroup(group: MachineGroup | null): void;
}

/** Buttons for the groups that have a machine, and for the one that is chosen. */
function GroupChoice({ counts, total, group, onGroup }: GroupChoiceProps) {
  const choices = [
    { value: null, word: "All", count: total },
    ...MACHINE_GROUPS.map(({ group: value, word }) => ({
      ...{ value, word },
      count: counts.get(value) ?? 0,
    })).filter(({ value, count }) => count > 0 || value === group),
  ];
  return (
    <fieldset className="flex flex-wrap gap-1.5">
      <legend className="sr-only">Which machines are shown</legend>
      {choices.map(({ value, word, count }) => (
        <button
          key={word}
          type="button"
          className="button aria-pressed:bg-accent-wash aria-pressed:border-accent aria-pressed:text-accent"
          aria-pressed={value === group}
          onClick={() => onGroup(value === group ? null : value)}
        >
          {word} <span className="text-muted font-normal">{count}</span>
        </button>
      ))}
    </fieldset>
  );
}

function countGroups(machines: readonly FleetMachine[]): ReadonlyMap<MachineGroup, number> {
  const counts = new Map<MachineGroup, number>();
  for (const machine of machines) {
    for (const group of groupsOf(machine)) counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return counts;
}
