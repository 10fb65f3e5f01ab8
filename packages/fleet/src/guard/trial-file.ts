/**
 * How often an active file was started that has never said it is alive, beside the guard: who runs the
 * guard may end it before its patience is over, again and again.
 */
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { replaceFile } from "../write-file.js";
import { guardPaths } from "./guard-paths.js";

/** A file on trial. */
export interface Trial {
  readonly sha256: string;
  /** The one that is under way counts. */
  readonly starts: number;
}

/** Reads it; null if there is none, or nobody can read it. */
export function readTrial(active: string): Trial | null {
  try {
    return v.parse(SCHEMA, JSON.parse(readFileSync(pathOf(active), "utf8")));
  } catch {
    return null;
  }
}

/** @throws {SyncError} `DISK_FULL` or `FOLDER_NOT_WRITABLE` */
export async function writeTrial(active: string, trial: Trial): Promise<void> {
  await replaceFile(pathOf(active), `${JSON.stringify(trial)}\n`);
}

/** It is alive, or known not to be. */
export async function endTrial(active: string): Promise<void> {
  await rm(pathOf(active), { force: true });
}

function pathOf(active: string): string {
  return join(guardPaths(active).folder, "trial.json");
}

const SCHEMA = v.object({ sha256: v.string(), starts: v.number() });
