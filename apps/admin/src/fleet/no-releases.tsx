import { Command } from "../words/command.js";

/** What to run for the first subsystem's card. */
export function NoReleases() {
  return (
    <div className="card grid grid-cols-[minmax(0,1fr)] gap-4 p-4">
      <p className="text-muted">
        Nothing is published yet. Where the release key is and TIDELINE_FLEET_TOKEN is set, with the
        name of one of your subsystems:
      </p>
      <Command command="tideline-sync publish nats" />
    </div>
  );
}
