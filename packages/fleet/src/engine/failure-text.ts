import type { Failure } from "./journal.js";

/**
 * Tells a failure within the length of a report: its sentence, and as many of the service's newest
 * lines as fit. All the lines that were kept are in the outcome's file on the machine.
 *
 * @example
 * failureText({ reason: "EXITED", detail: '"nats" ended with exit code 3', log: ["boom"] })
 * // '"nats" ended with exit code 3\nboom'
 */
export function failureText({ detail, log }: Pick<Failure, "detail" | "log">): string {
  const kept: string[] = [];
  let left = MAX_CHARACTERS - Math.min(detail.length, MAX_CHARACTERS);
  for (const line of log.toReversed()) {
    if (line.length + 1 > left) {
      // Of a line that is too long its beginning says the most, if it is not a mere stump.
      if (kept.length === 0 && left > SHORTEST_PIECE) kept.unshift(`${line.slice(0, left - 2)}…`);
      break;
    }
    kept.unshift(line);
    left -= line.length + 1;
  }
  return [detail.slice(0, MAX_CHARACTERS), ...kept].join("\n");
}

// AttemptReport.detail
const MAX_CHARACTERS = 1_000;
const SHORTEST_PIECE = 20;
