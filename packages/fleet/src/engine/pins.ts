/** Subsystems that stay as they are on this machine until somebody lets them go. */
import { join } from "node:path";
import * as v from "valibot";
import { changeStateFile, readStateFile, type StateFile } from "./state-file.js";

/** Why a subsystem stays as it is. */
export interface Pin {
  /** `rollback`: somebody went back by hand, and the next update must not undo that. */
  readonly why: "asked" | "rollback";
  /** What runs while it is pinned; null if nobody knows. */
  readonly version: string | null;
  /** ms since epoch; for people only, a pin does not expire. */
  readonly at: number;
}

/** All pins, by subsystem. */
export type Pins = Readonly<Record<string, Pin>>;

export async function readPins(state: string): Promise<Pins> {
  return await readStateFile(fileOf(state));
}

/** Pins a subsystem; a pin that it has already is replaced. */
export async function addPin(state: string, subsystem: string, pin: Pin): Promise<void> {
  await changeStateFile(state, fileOf(state), (pins) => ({ ...pins, [subsystem]: pin }));
}

/** Lets updates of a subsystem through again; does nothing if it is not pinned. */
export async function removePin(state: string, subsystem: string): Promise<void> {
  await changeStateFile(state, fileOf(state), (pins) => {
    if (!Object.hasOwn(pins, subsystem)) return pins;
    const { [subsystem]: _, ...rest } = pins;
    return rest;
  });
}

function fileOf(state: string): StateFile<Pins> {
  return { path: join(state, "pins.json"), schema: SCHEMA, empty: {} };
}

const SCHEMA = v.record(
  v.string(),
  v.object({
    why: v.picklist(["asked", "rollback"]),
    version: v.nullable(v.string()),
    at: v.number(),
  }),
);
