import { useVersionCheck } from "@tideline/react";
import { useConvex, useQuery } from "convex/react";
import { ChevronsUpDown, Keyboard, Waypoints } from "lucide-react";
import type { MouseEvent } from "react";
import { useRef, useState } from "react";
import { api } from "../../../convex/_generated/api.js";
import { FLEET_HREF, openFleet, useAddress } from "./address.js";
import { FleetPage } from "./fleet/fleet-page.js";
import type { Target, TargetName } from "./ledger.js";
import { targetKey } from "./ledger.js";
import { ConnectionBar, isBarShown } from "./shell/connection-bar.js";
import { ErrorBoundary } from "./shell/error-boundary.js";
import { HelpDialog } from "./shell/help-dialog.js";
import { TargetListSkeleton, TargetPageSkeleton } from "./shell/skeletons.js";
import { ThemeToggle } from "./shell/theme-toggle.js";
import { useConnection } from "./shell/use-connection.js";
import { useShortcuts } from "./shell/use-shortcuts.js";
import { TargetPage } from "./target/target-page.js";
import { UnknownTarget } from "./target/unknown-target.js";
import { NoTargets } from "./targets/no-targets.js";
import { TargetList } from "./targets/target-list.js";

export function App() {
  const connection = useConnection();
  const { url } = useConvex();
  const help = useRef<HTMLDialogElement>(null);
  useShortcuts({ "?": () => help.current?.showModal() });
  return (
    <div className={isBarShown(connection) ? "[--bar:28px]" : "[--bar:0px]"}>
      <ConnectionBar connection={connection} url={url} />
      <ErrorBoundary what="the targets" isPage>
        <Shell onHelp={() => help.current?.showModal()} />
      </ErrorBoundary>
      <HelpDialog ref={help} />
    </div>
  );
}

function Shell({ onHelp }: { onHelp(): void }) {
  const targets = useQuery(api.deployments.listTargets, {});
  const { page, target: asked, filter, state } = useAddress();
  const [isListOpen, setIsListOpen] = useState(false);
  const first = targets?.[0] ?? null;
  const isFleet = page === "fleet";
  const selected: TargetName | null = isFleet ? null : (asked ?? first);
  return (
    <div className="mx-auto max-w-7xl md:grid md:grid-cols-[15.5rem_minmax(0,1fr)]">
      <a
        href="#main"
        className="button sr-only left-4 top-4 z-30 focus:not-sr-only focus:absolute focus:px-3"
      >
        {isFleet ? "Skip to the fleet" : "Skip to the target"}
      </a>
      <header className="border-line md:sticky md:top-(--bar) md:flex md:h-[calc(100dvh-var(--bar))] md:flex-col md:border-r">
        <div className="flex items-center gap-2 px-4 py-3">
          <a
            href="./"
            className="flex shrink-0 items-center gap-2 rounded-lg font-semibold tracking-tight"
          >
            <img src="/favicon.svg" alt="" width={24} height={24} />
            Tideline
          </a>
          <button
            type="button"
            className="button min-w-0 md:hidden"
            aria-expanded={isListOpen}
            aria-controls="targets"
            onClick={() => setIsListOpen(!isListOpen)}
          >
            <span className="truncate">
              {isFleet ? "Fleet" : selected === null ? "Targets" : targetKey(selected)}
            </span>
            <ChevronsUpDown aria-hidden size={14} className="shrink-0" />
          </button>
          <div className="ml-auto flex">
            <button
              type="button"
              className="button-icon hidden sm:grid"
              aria-label="Keys"
              title="Keys (?)"
              onClick={onHelp}
            >
              <Keyboard aria-hidden size={16} />
            </button>
            <ThemeToggle />
          </div>
        </div>
        <div
          id="targets"
          className={`min-h-0 grow px-2 pt-1 pb-4 md:block md:overflow-y-auto ${isListOpen ? "" : "hidden"}`}
        >
          <FleetLink isSelected={isFleet} onChoose={() => setIsListOpen(false)} />
          {targets === undefined ? (
            <TargetListSkeleton />
          ) : (
            <TargetList
              targets={targets}
              selected={selected}
              onChoose={() => setIsListOpen(false)}
            />
          )}
        </div>
        <div className="hidden px-4 py-3 md:block">
          <RunningVersion />
        </div>
      </header>
      <main id="main" tabIndex={-1} className="px-4 pb-16 pt-2 outline-none sm:px-6 md:pt-6">
        {isFleet ? (
          <ErrorBoundary key="fleet" what="the fleet">
            <FleetPage filter={filter} state={state} />
          </ErrorBoundary>
        ) : (
          <ErrorBoundary key={selected && targetKey(selected)} what="this target">
            <Main targets={targets} selected={selected} filter={filter} />
          </ErrorBoundary>
        )}
      </main>
    </div>
  );
}

interface FleetLinkProps {
  readonly isSelected: boolean;
  onChoose(): void;
}

function FleetLink({ isSelected, onChoose }: FleetLinkProps) {
  const open = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    openFleet();
    onChoose();
  };
  return (
    <nav aria-label="Pages" className="mb-4">
      <a
        href={FLEET_HREF}
        onClick={open}
        aria-current={isSelected ? "page" : undefined}
        className="hover:bg-sunken aria-[current=page]:bg-sunken flex items-center gap-2 rounded-lg px-2 py-1.5 font-medium transition-colors"
      >
        <Waypoints aria-hidden size={16} className="text-muted shrink-0" />
        Fleet
      </a>
    </nav>
  );
}

interface MainProps {
  readonly targets: readonly Target[] | undefined;
  readonly selected: TargetName | null;
  readonly filter: string;
}

function Main({ targets, selected, filter }: MainProps) {
  if (targets === undefined) return <TargetPageSkeleton />;
  if (selected === null) return <NoTargets />;
  const target = targets.find((other) => targetKey(other) === targetKey(selected));
  if (target === undefined) return <UnknownTarget target={selected} />;
  return <TargetPage target={target} filter={filter} />;
}

/** Which build of this very page runs. */
function RunningVersion() {
  const { currentVersion } = useVersionCheck();
  return (
    <p className="text-muted text-xs [overflow-wrap:anywhere]">
      {currentVersion === null ? (
        "Development build"
      ) : (
        <>
          This page is <span data-testid="running-version">{currentVersion.version}</span>
        </>
      )}
    </p>
  );
}
