import { REASONS, type ReasonCode } from "@tideline/version/fleet";

/**
 * What a person does next about one subsystem.
 *
 * @example
 * nextStepOf("PINNED", "nats") // "`tideline-sync pin nats --remove` lets updates through again"
 */
export function nextStepOf(reason: ReasonCode, subsystem: string): string {
  return REASONS[reason].replaceAll("NAME", subsystem);
}
