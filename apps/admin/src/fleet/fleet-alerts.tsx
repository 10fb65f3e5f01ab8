import type { FleetMachine, FleetUpstream } from "@tideline/version/fleet";
import type { LucideIcon } from "lucide-react";
import { Fingerprint, ShieldAlert, Siren } from "lucide-react";
import type { ReactNode } from "react";
import type { MachineGroup } from "./machine-filter.js";
import { NextStep } from "./next-step.js";

interface Props {
  readonly machines: readonly FleetMachine[];
  readonly upstreams: readonly FleetUpstream[];
  /** Shows the machines of a group. */
  onShow(group: MachineGroup): void;
}

/** What somebody has to look at, whatever else they came for; nothing while there is nothing. */
export function FleetAlerts({ machines, upstreams, onShow }: Props) {
  const outliers = machines.filter(({ subsystems }) => subsystems.some((one) => one.isOutlier));
  const helpless = machines.filter(({ subsystems }) =>
    subsystems.some((one) => one.attempt?.state === "needs-operator"),
  );
  const quarantined = upstreams.filter(({ isQuarantined }) => isQuarantined);
  return (
    <div role="status" className="grid grid-cols-[minmax(0,1fr)] gap-3 empty:hidden">
      {outliers.length > 0 && (
        <Alert
          Icon={Fingerprint}
          title={`${machinesText(outliers)} other bytes than the release that ${outliers.length === 1 ? "it names" : "they name"}`}
          onShow={() => onShow("outlier")}
        >
          Somebody has replaced the binary there, or served that machine another one.
        </Alert>
      )}
      {helpless.length > 0 && (
        <Alert
          Icon={Siren}
          title={`${helpless.length === 1 ? "1 machine needs" : `${helpless.length} machines need`} somebody`}
          onShow={() => onShow("failed")}
        >
          Neither the new version nor the one before is well there.
        </Alert>
      )}
      {quarantined.map(({ subsystem, remote, ref, tag }) => (
        <Alert
          key={`${subsystem} ${remote} ${ref}`}
          Icon={ShieldAlert}
          title={`${tag ?? ref} of ${subsystem} is another commit now at ${remote}`}
        >
          Nothing is built of it. <NextStep code="TAG_MOVED" subsystem={subsystem} />
        </Alert>
      ))}
    </div>
  );
}

interface AlertProps {
  readonly Icon: LucideIcon;
  readonly title: string;
  readonly children: ReactNode;
  readonly onShow?: () => void;
}

function Alert({ Icon, title, children, onShow }: AlertProps) {
  const showText = title.startsWith("1 ") ? "Show it" : "Show them";
  return (
    <div className="bg-red-wash text-red border-red/40 rounded-card flex flex-wrap items-center gap-x-4 gap-y-2 border px-4 py-3">
      <Icon aria-hidden size={20} className="shrink-0 self-start" />
      <div className="min-w-0 grow basis-60">
        <p className="font-semibold [overflow-wrap:anywhere]">{title}</p>
        <p>{children}</p>
      </div>
      {onShow && (
        <button
          type="button"
          className="button text-ink"
          aria-label={`${showText}: ${title}`}
          onClick={onShow}
        >
          {showText}
        </button>
      )}
    </div>
  );
}

function machinesText({ length }: readonly FleetMachine[]): string {
  return length === 1 ? "1 machine runs" : `${length} machines run`;
}
