import type { MouseEvent } from "react";
import { openTarget, targetHref } from "../address.js";
import type { Target, TargetName } from "../ledger.js";
import { targetKey } from "../ledger.js";
import { TEXT_TONES } from "../words/badge.js";
import { RelativeTime } from "../words/time.js";
import { targetState } from "./target-state.js";

interface Props {
  readonly targets: readonly Target[];
  readonly selected: TargetName | null;
  /** Called when a target was chosen. */
  onChoose(): void;
}

/** Apps and their environments, each with how it stands and what is live. */
export function TargetList({ targets, selected, onChoose }: Props) {
  return (
    <nav aria-label="Targets" className="grid grid-cols-[minmax(0,1fr)] gap-4">
      {targets.length === 0 && <p className="text-muted px-2">No targets yet</p>}
      {groupByApp(targets).map(([appName, environments]) => (
        <section key={appName} aria-labelledby={`app-${appName}`}>
          <h2
            id={`app-${appName}`}
            className="text-muted mb-1 px-2 text-xs font-medium [overflow-wrap:anywhere]"
          >
            {appName}
          </h2>
          <ul className="grid grid-cols-[minmax(0,1fr)] gap-0.5">
            {environments.map((target) => (
              <li key={target.environment}>
                <TargetLink
                  target={target}
                  isSelected={selected !== null && targetKey(selected) === targetKey(target)}
                  onChoose={onChoose}
                />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}

/** The targets come by app name, so those of one app are neighbours. */
function groupByApp(targets: readonly Target[]): [string, Target[]][] {
  const byApp = new Map<string, Target[]>();
  for (const target of targets) {
    const environments = byApp.get(target.appName) ?? [];
    byApp.set(target.appName, [...environments, target]);
  }
  return [...byApp];
}

interface LinkProps {
  readonly target: Target;
  readonly isSelected: boolean;
  onChoose(): void;
}

function TargetLink({ target, isSelected, onChoose }: LinkProps) {
  const { word, tone, Icon } = targetState(target);
  const open = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    openTarget(target);
    onChoose();
  };
  return (
    <a
      href={targetHref(target)}
      onClick={open}
      aria-current={isSelected ? "page" : undefined}
      className="hover:bg-sunken aria-[current=page]:bg-sunken flex gap-2 rounded-lg px-2 py-1.5 transition-colors"
    >
      <Icon aria-hidden size={16} className={`mt-0.5 shrink-0 ${TEXT_TONES[tone]}`} />
      <span className="min-w-0 grow">
        <span className="flex flex-wrap justify-between gap-x-2">
          <span className="font-medium [overflow-wrap:anywhere]">{target.environment}</span>
          <span className={`text-xs leading-5 ${TEXT_TONES[tone]}`}>{word}</span>
        </span>
        {target.live !== null && (
          <span className="text-muted flex justify-between gap-x-2 text-xs">
            <span className="truncate" title={target.live.version}>
              {target.live.version}
            </span>
            <span className="shrink-0">
              <RelativeTime at={target.live.deployedAt} />
            </span>
          </span>
        )}
      </span>
    </a>
  );
}
