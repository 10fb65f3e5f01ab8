import { Waypoints } from "lucide-react";
import { Command } from "../words/command.js";
import { FleetCard } from "./fleet-card.js";

const TOKENS = [
  ["TIDELINE_FLEET_READ_TOKEN", "Machines read with it what they are to run"],
  ["TIDELINE_FLEET_VIEW_TOKEN", "This page is read with it"],
  ["TIDELINE_FLEET_ENROL_TOKEN", "Machines join with it"],
  ["TIDELINE_FLEET_TOKEN", "Releases are published and approved with it; it is for no page"],
] as const;

/** For a ledger on which nobody has set up a fleet. */
export function NotConfigured() {
  return (
    <FleetCard
      Icon={Waypoints}
      title="No fleet on this ledger yet"
      about="A fleet is a set of machines that tideline-sync keeps up to date. It begins with four tokens on the Convex deployment; this page goes on by itself then."
    >
      {TOKENS.map(([name, about]) => (
        <div key={name} className="grid grid-cols-[minmax(0,1fr)] gap-1.5">
          <p>{about}:</p>
          <Command command={`npx convex env set ${name} "$(openssl rand -hex 32)"`} />
        </div>
      ))}
    </FleetCard>
  );
}
