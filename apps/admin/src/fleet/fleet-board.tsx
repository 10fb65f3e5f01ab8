import type { FleetMachine, FleetSubsystem, FleetView } from "@tideline/version/fleet";
import { LogOut } from "lucide-react";
import type { ReactNode } from "react";
import { useMemo, useRef } from "react";
import { FleetAlerts } from "./fleet-alerts.js";
import { FleetAudit } from "./fleet-audit.js";
import { type MachineGroup, parseGroup } from "./machine-filter.js";
import { MachineList } from "./machine-list.js";
import { NoMachines } from "./no-machines.js";
import { NoReleases } from "./no-releases.js";
import { SubsystemCard } from "./subsystem-card.js";

interface Props {
  readonly view: FleetView;
  /** Those that are shown: of the view, or all there are. */
  readonly machines: readonly FleetMachine[];
  readonly filter: string;
  /** As the address has it. */
  readonly state: string;
  /** Where the ledger answers. */
  readonly url: string;
  onFilter(change: { readonly filter: string; readonly state: string }): void;
  onForget(): void;
  /** What stands below the machines. */
  readonly children?: ReactNode;
}

// Machines are told apart by numbers more than by letters: workshop-2 comes before workshop-10.
const BY_NAME = new Intl.Collator("en", { numeric: true });

/** The fleet as it is now: what needs somebody, what is on its way, every machine, what was done. */
export function FleetBoard(props: Props) {
  const { view, filter, state, url, onFilter, onForget, children } = props;
  const { subsystems, upstreams, audit } = view;
  const heading = useRef<HTMLHeadingElement>(null);
  const group = parseGroup(state);
  // By name and never by what changes, so that no row moves while it is read.
  const machines = useMemo(
    () =>
      props.machines.toSorted(
        (a, b) => BY_NAME.compare(a.name, b.name) || BY_NAME.compare(a.machineId, b.machineId),
      ),
    [props.machines],
  );
  const show = (next: MachineGroup) => {
    onFilter({ filter: "", state: next });
    heading.current?.focus({ preventScroll: true });
    heading.current?.scrollIntoView({ block: "start" });
  };
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-6">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h1 className="text-2xl font-semibold tracking-tight">Fleet</h1>
        <button
          type="button"
          className="button"
          title="This tab forgets the token"
          onClick={onForget}
        >
          <LogOut aria-hidden size={15} />
          Forget the token
        </button>
      </div>
      <FleetAlerts machines={machines} upstreams={upstreams} onShow={show} />
      <section
        aria-labelledby="subsystems-heading"
        className="grid grid-cols-[minmax(0,1fr)] gap-3"
      >
        <h2 id="subsystems-heading" className="text-base font-semibold tracking-tight">
          Subsystems
        </h2>
        {subsystems.length === 0 && <NoReleases />}
        <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-3 empty:hidden lg:grid-cols-2">
          {onTheirWayFirst(subsystems).map((one) => (
            <SubsystemCard
              key={`${one.channel} ${one.subsystem}`}
              subsystem={one}
              machines={machines}
              audit={audit}
            />
          ))}
        </div>
      </section>
      <FleetAudit audit={audit} />
      {machines.length === 0 ? (
        <NoMachines url={url} />
      ) : (
        <MachineList
          machines={machines}
          filter={filter}
          group={group}
          arrival={view}
          heading={heading}
          onChange={(choice) => onFilter({ filter: choice.filter, state: choice.group ?? "" })}
        >
          {children}
        </MachineList>
      )}
    </div>
  );
}

/** What is on its way, or waits, is what people come for; otherwise by channel and name, as they come. */
function onTheirWayFirst(subsystems: readonly FleetSubsystem[]): readonly FleetSubsystem[] {
  return subsystems.toSorted((a, b) => Number(a.rollout === null) - Number(b.rollout === null));
}
