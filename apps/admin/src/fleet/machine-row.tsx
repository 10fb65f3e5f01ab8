import type { FleetInstall, FleetMachine } from "@tideline/version/fleet";
import { Fingerprint } from "lucide-react";
import { memo, useId } from "react";
import { Badge, TEXT_TONES } from "../words/badge.js";
import { RelativeTime } from "../words/time.js";
import { installState, newestAttempt } from "./install-state.js";
import { MachineDetails } from "./machine-details.js";
import { platformText } from "./platform-text.js";
import { reasonWords } from "./reason-words.js";
import { shortSha } from "./short-sha.js";

interface Props {
  readonly machine: FleetMachine;
  readonly isOpen: boolean;
  onToggle(machineId: string): void;
}

/** One machine. The whole of its head opens the details. Drawn again only when it is another object. */
export const MachineRow = memo(Row);

function Row({ machine, isOpen, onToggle }: Props) {
  const { machineId, name, channel, platform, lastSeenAt, subsystems } = machine;
  const detailsId = useId();
  const isOutlier = subsystems.some((install) => install.isOutlier);
  return (
    <li
      data-row={machineId}
      className={`border-line border-b px-2 last:border-b-0 sm:px-3 ${
        isOutlier ? "border-l-red bg-red-wash/50 border-l-4" : ""
      }`}
    >
      <div className="hover:bg-sunken/60 relative -mx-1 my-1 grid grid-cols-[minmax(0,1fr)] gap-x-6 gap-y-1.5 rounded-lg px-1 py-2 transition-colors sm:grid-cols-[minmax(8rem,13rem)_minmax(0,1fr)_auto]">
        <div className="grid min-w-0 content-start gap-0.5">
          <h3 className="[overflow-wrap:anywhere]">
            <button
              type="button"
              data-row-button
              aria-expanded={isOpen}
              aria-controls={detailsId}
              onClick={() => onToggle(machineId)}
              className="rounded text-left font-medium outline-none [overflow-wrap:anywhere] after:absolute after:inset-0 after:rounded-lg focus-visible:after:outline-2 focus-visible:after:outline-accent"
            >
              {name}
            </button>
          </h3>
          <p className="text-muted text-xs [overflow-wrap:anywhere]">
            {channel} · {platformText(platform)}
          </p>
        </div>
        {subsystems.length === 0 ? (
          <p className="text-muted">Has not said yet what it runs</p>
        ) : (
          <ul
            className={`grid min-w-0 grid-cols-[minmax(0,1fr)] content-start items-start gap-x-6 gap-y-1 ${
              subsystems.length > 1 ? "xl:grid-cols-2" : ""
            }`}
          >
            {subsystems.map((install) => (
              <InstallLine key={install.subsystem} install={install} />
            ))}
          </ul>
        )}
        <p className="text-muted text-xs leading-5 sm:text-right">
          {lastSeenAt === null ? (
            "No report yet"
          ) : (
            <span
              className="relative"
              title="When it last had something to say; it is no heartbeat"
            >
              <span className="sm:sr-only">Last report </span>
              <RelativeTime at={lastSeenAt} />
            </span>
          )}
        </p>
      </div>
      <div id={detailsId} hidden={!isOpen}>
        {isOpen && <MachineDetails machine={machine} />}
      </div>
    </li>
  );
}

/** What is to be known of one subsystem at a glance. */
function InstallLine({ install }: { readonly install: FleetInstall }) {
  const { subsystem, version, seq, sha256, isOutlier } = install;
  const { word, tone, Icon, group } = installState(install);
  const attempt = newestAttempt(install);
  return (
    <li className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-0.5">
      <Icon aria-hidden size={15} className={`shrink-0 ${TEXT_TONES[tone]}`} />
      <span className="[overflow-wrap:anywhere]">{subsystem}</span>
      <span className="font-medium [overflow-wrap:anywhere]">{version ?? "unknown version"}</span>
      {seq !== null && <span className="text-muted text-xs">#{seq}</span>}
      {sha256 !== null && (
        <code
          className={`font-mono text-xs ${isOutlier ? "text-red font-semibold" : "text-muted"}`}
        >
          {shortSha(sha256)}
        </code>
      )}
      {isOutlier ? (
        <Badge tone="red" Icon={Fingerprint}>{`Other bytes than release ${seq ?? "?"}`}</Badge>
      ) : group === "well" ? (
        <span className="sr-only">{word}</span>
      ) : (
        <span className={`text-xs ${TEXT_TONES[tone]}`}>
          {word}
          {attempt !== null && attempt.version !== version && ` ${attempt.version}`}
          {attempt?.reason && `: ${reasonWords(attempt.reason)}`}
        </span>
      )}
    </li>
  );
}
