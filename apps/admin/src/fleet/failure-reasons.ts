import type { FleetMachine, FleetSubsystem } from "@tideline/version/fleet";
import { attemptOutcome } from "@tideline/version/fleet";

/** A reason for which machines failed with a release. */
export interface FailureReason {
  /** A ReasonCode, or one that is unknown here. */
  readonly code: string;
  /** By name. */
  readonly machines: readonly string[];
}

/** Counts why machines of a channel failed with the release that is on its way, the most frequent first. */
export function failureReasons(
  { channel, subsystem, rollout }: FleetSubsystem,
  machines: readonly FleetMachine[],
): FailureReason[] {
  const names = new Map<string, string[]>();
  for (const machine of machines) {
    if (machine.channel !== channel) continue;
    const attempt = machine.subsystems.find((one) => one.subsystem === subsystem)?.attempt;
    if (!attempt?.reason || attempt.seq !== rollout?.seq) continue;
    if (attemptOutcome(attempt) !== "failed") continue;
    names.set(attempt.reason, [...(names.get(attempt.reason) ?? []), machine.name]);
  }
  return [...names]
    .map(([code, machines]) => ({ code, machines }))
    .sort((a, b) => b.machines.length - a.machines.length || (a.code < b.code ? -1 : 1));
}
