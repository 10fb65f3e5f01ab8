import { useVersionCheck } from "@tideline/react";

/** Says which build this page is. */
export function Footer() {
  const { currentVersion } = useVersionCheck();
  return (
    <footer className="border-line text-muted border-t text-sm">
      <div className="mx-auto flex max-w-3xl flex-wrap justify-between gap-x-6 gap-y-1 px-4 py-4 sm:px-6">
        <p>Your notes stay in this browser.</p>
        <p className="tabular-nums [overflow-wrap:anywhere]">
          {currentVersion === null ? (
            "Development build"
          ) : (
            <>
              Version <span data-testid="running-version">{currentVersion.version}</span>
              {currentVersion.buildNumber > 0 && `, build ${currentVersion.buildNumber}`}
            </>
          )}
        </p>
      </div>
    </footer>
  );
}
