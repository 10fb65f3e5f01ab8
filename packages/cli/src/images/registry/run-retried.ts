import { setTimeout as pause } from "node:timers/promises";
import { classifyRegistryError } from "./explain-registry-error.js";
import { runTool, type ToolAnswer, type ToolPlace } from "./run-tool.js";

// Registries answer 500 and 429 in passing; more than this is an outage, which is worth an error.
const PAUSES_MS = [250, 1_000];

/**
 * Runs a tool, again where the registry was not to be reached. All that we ask of one may be asked
 * twice: the same bytes go to the same digest, and what a tag is gets read once more afterwards.
 */
export async function runRetried(
  program: string,
  args: readonly string[],
  place: ToolPlace,
): Promise<ToolAnswer> {
  for (let attempt = 0; ; attempt++) {
    const answer = await runTool(program, args, place);
    const pauseMs = PAUSES_MS[attempt];
    if (answer.ok || pauseMs === undefined) return answer;
    if (classifyRegistryError(answer.message) !== "away") return answer;
    // An abort ends the pause; the next run says so.
    await pause(pauseMs, undefined, { signal: place.signal }).catch(() => {});
  }
}
