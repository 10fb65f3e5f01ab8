/**
 * What the ledger named last, with its signatures: `heard.json` of the state folder. While the ledger
 * is away, what it called settled then may still be installed, and nothing else.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FleetTarget } from "@tideline/version/fleet";
import * as v from "valibot";
import { replaceFile } from "../write-file.js";
import { parseTargets } from "./parse-targets.js";

/** An answer of a ledger, and which one's. */
export interface HeardTargets {
  /** The deployment's address. */
  readonly url: string;
  readonly channel: string;
  /** ms since epoch. */
  readonly at: number;
  readonly targets: readonly FleetTarget[];
}

/** Reads what a ledger named last; null if it never did, or not in words that can be read. */
export async function readHeard(
  state: string,
  { url, channel }: Pick<HeardTargets, "url" | "channel">,
): Promise<HeardTargets | null> {
  try {
    const found = v.parse(SCHEMA, JSON.parse(await readFile(pathOf(state), "utf8")));
    if (found.url !== url || found.channel !== channel) return null;
    return { url, channel, at: found.at, targets: parseTargets(found.targets, () => {}) };
  } catch {
    // Then nothing is known of it: whoever wants to go on without it says so.
    return null;
  }
}

/** Keeps an answer in place of the one before. Trouble with it is nobody's trouble while the ledger is there. */
export async function noteHeard(state: string, heard: HeardTargets): Promise<void> {
  try {
    await mkdir(state, { recursive: true, mode: 0o700 });
    await replaceFile(pathOf(state), `${JSON.stringify({ format: 1, ...heard })}\n`);
  } catch {
    // The one before is older, and no less signed.
  }
}

function pathOf(state: string): string {
  return join(state, "heard.json");
}

const SCHEMA = v.object({
  format: v.literal(1),
  url: v.string(),
  channel: v.string(),
  at: v.number(),
  targets: v.array(v.unknown()),
});
