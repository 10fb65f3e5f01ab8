import * as v from "valibot";
import { SyncError } from "../sync-error.js";
import { askGithub } from "./ask-github.js";
import type { DetectWorld } from "./detect-world.js";
import { githubAddress } from "./github-address.js";

const Shape = v.object({ status: v.picklist(["ahead", "behind", "diverged", "identical"]) });

/**
 * Asks GitHub how `head` stands to `base`: https://docs.github.com/rest/commits/commits#compare-two-commits
 *
 * @returns Null if nobody there tells.
 */
export async function compareCommits(
  remote: string,
  base: string,
  head: string,
  world: DetectWorld,
): Promise<"ahead" | "behind" | "diverged" | null> {
  let json: unknown;
  try {
    json = await askGithub(`${githubAddress(remote)}/compare/${base}...${head}`, world);
  } catch (error) {
    world.signal.throwIfAborted();
    // It is a second opinion; whatever keeps it away leaves the question open.
    if (error instanceof SyncError) return null;
    throw error;
  }
  const parsed = v.safeParse(Shape, json);
  if (!parsed.success) return null;
  return parsed.output.status === "identical" ? "ahead" : parsed.output.status;
}
