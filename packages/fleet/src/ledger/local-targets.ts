/** The last verified release of each subsystem on disk: `targets/<name>.json`, for a machine without a ledger. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FleetTarget, SignedRelease } from "@tideline/version/fleet";
import * as v from "valibot";
import { replaceFile } from "../write-file.js";

/** A release that was verified when it was written; the engine verifies it again. */
export type KnownTarget = NonNullable<FleetTarget["settled"]>;

/** Reads what was known last; null if nothing was, or it cannot be read: the release host has it still. */
export async function readKnownTarget(
  state: string,
  subsystem: string,
): Promise<KnownTarget | null> {
  try {
    const text = await readFile(pathOf(state, subsystem), "utf8");
    const { format: _, ...known } = v.parse(SCHEMA, JSON.parse(text));
    return known;
  } catch {
    return null;
  }
}

/** Keeps what is known now. */
export async function writeKnownTarget(
  state: string,
  subsystem: string,
  target: KnownTarget,
): Promise<void> {
  await mkdir(join(state, "targets"), { recursive: true, mode: 0o700 });
  const text = `${JSON.stringify({ format: 1, ...target }, null, 2)}\n`;
  await replaceFile(pathOf(state, subsystem), text);
}

function pathOf(state: string, subsystem: string): string {
  return join(state, "targets", `${subsystem}.json`);
}

const SCHEMA = v.object({
  format: v.literal(1),
  release: v.custom<SignedRelease>((value) => typeof value === "object" && value !== null),
  seq: v.number(),
  version: v.string(),
});
