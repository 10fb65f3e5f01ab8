/** The commands that change the fleet. No page may hold the credential they need, so people run them. */
import type { FleetAuditEntry, FleetSubsystem } from "@tideline/version/fleet";
import type { CommandAdvice } from "../commands.js";

/** The channel of a configuration that names none. */
const DEFAULT_CHANNEL = "stable";

type Of = Pick<FleetSubsystem, "channel" | "subsystem">;

export function approveAdvice(of: Of): CommandAdvice {
  return {
    sentence: "Lets the release go, canaries first, with TIDELINE_FLEET_TOKEN set:",
    command: `tideline-sync approve ${named(of)}`,
  };
}

export function rejectAdvice(of: Of): CommandAdvice {
  return {
    sentence: "Ends the release without a machine having it. Say why in place of the dots:",
    command: `tideline-sync approve ${named(of)} --reject --note '…'`,
  };
}

export function pauseAdvice(of: Of): CommandAdvice {
  return {
    sentence:
      "No further machine begins; those that have it keep it. With TIDELINE_FLEET_TOKEN set:",
    command: `tideline-sync rollout pause ${named(of)} --note '…'`,
  };
}

export function resumeAdvice(of: Of): CommandAdvice {
  return {
    sentence:
      "Lets the rollout go on where it stopped; what failed so far is then known and counts no more:",
    command: `tideline-sync rollout resume ${named(of)}`,
  };
}

export function withoutSilentAdvice(of: Of): CommandAdvice {
  return {
    sentence:
      "For machines that are switched off: those of the open ring that have not begun are waited for no longer. With TIDELINE_FLEET_TOKEN set:",
    command: `tideline-sync rollout resume ${named(of)} --without-silent`,
  };
}

export function haltAdvice(of: Of): CommandAdvice {
  return {
    sentence: "As a failed ring does: no further machine begins until somebody resumes. Say why:",
    command: `tideline-sync rollout halt ${named(of)} --note '…'`,
  };
}

/**
 * How to go back, as a new release of older bytes: with one on its way to what is settled, else to
 * what was settled before.
 *
 * @param audit What was done, newest first; where it does not say what was before, a person has to.
 */
export function revertAdvice(
  { channel, subsystem, settled, rollout }: FleetSubsystem,
  audit: readonly FleetAuditEntry[],
): CommandAdvice {
  const isOnItsWay = rollout !== null && rollout.mode !== "waiting-for-approval";
  const before = audit.find(
    (entry) =>
      entry.action === "complete" &&
      entry.channel === channel &&
      entry.subsystem === subsystem &&
      entry.seq !== null &&
      entry.seq < (settled?.seq ?? 0),
  );
  const seq = isOnItsWay ? settled?.seq : before?.seq;
  const version = isOnItsWay ? settled?.version : before?.version;
  const to = version ? `${version} again` : "an older release again; its number takes SEQ's place";
  const where = channel === DEFAULT_CHANNEL ? "" : ` and machine.channel is ${channel}`;
  return {
    sentence: `Where the release key is${where}: publishes ${to}, as a new release that goes through the rings:`,
    command: `tideline-sync publish ${subsystem} --revert ${seq ?? "SEQ"} --notes '…'`,
  };
}

function named({ channel, subsystem }: Of): string {
  return channel === DEFAULT_CHANNEL ? subsystem : `${subsystem} --channel ${channel}`;
}
