/** Who this machine is to the fleet: `machine.json` in the state folder, made once by `enrol`. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { UsageError } from "../usage-error.js";
import { replaceFile } from "../write-file.js";

/** A machine that is enrolled. */
export interface Machine {
  /** By the ledger. */
  readonly machineId: string;
  /** What people call it. */
  readonly name: string;
  readonly channel: string;
  /** The ledger that it is enrolled with. */
  readonly url: string;
  /** Since when it is in its channel; ms since epoch, by the ledger's clock. */
  readonly enrolledAt: number;
  /** Ed25519; it never leaves the machine. */
  readonly privateKey: KeyObject;
}

/** Where it is. */
export function machinePath(state: string): string {
  return join(state, "machine.json");
}

/** A machine, or one that began to enrol and has not heard the ledger's answer: it keeps its keys. */
export type MachineFile = Machine | (Omit<Machine, "machineId"> & { readonly machineId: null });

/**
 * Reads who this machine is; null if it is not enrolled.
 *
 * @throws {UsageError} If the file is there and cannot be used, or others may read its key.
 */
export async function readMachine(state: string): Promise<Machine | null> {
  const machine = await readMachineFile(state);
  return machine === null || machine.machineId === null ? null : machine;
}

/** Reads the file as {@link readMachine} does, also where enrolling has only begun. */
export async function readMachineFile(state: string): Promise<MachineFile | null> {
  const path = machinePath(state);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new UsageError(`Cannot use "${path}": expected a file to read, got ${code}`, { cause });
  }
  // Windows has no such bits; stat makes them up there.
  const mode = process.platform === "win32" ? 0 : (await stat(path)).mode & 0o077;
  if (mode !== 0) {
    throw new UsageError(
      `Cannot use "${path}": expected a file that only its owner may read, got one that others may; run \`chmod 600 ${path}\``,
    );
  }
  try {
    const { privateKey, format: _, ...rest } = v.parse(SCHEMA, JSON.parse(text));
    const key = createPrivateKey({
      key: Buffer.from(privateKey, "base64"),
      format: "der",
      type: "pkcs8",
    });
    return { ...rest, privateKey: key };
  } catch (cause) {
    // The cause may quote the key, so it is not in the message.
    throw new UsageError(
      `Cannot use "${path}": expected a machine as \`tideline-sync enrol\` writes it, got another text`,
      { cause },
    );
  }
}

/** Writes who this machine is; only its owner may read it. */
export async function writeMachine(state: string, machine: MachineFile): Promise<void> {
  const { machineId, name, channel, url, enrolledAt, privateKey } = machine;
  const der = privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");
  const file = { format: 1, machineId, name, channel, url, enrolledAt, privateKey: der };
  await mkdir(state, { recursive: true, mode: 0o700 });
  await replaceFile(machinePath(state), `${JSON.stringify(file, null, 2)}\n`);
}

/** Makes a new key. */
export function makeMachineKey(): KeyObject {
  return generateKeyPairSync("ed25519").privateKey;
}

/** Gives the public key of a private one: raw, 32 bytes in base64. */
export function rawPublicKey(privateKey: KeyObject): string {
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  return Buffer.from(x, "base64url").toString("base64");
}

const SCHEMA = v.strictObject({
  format: v.literal(1),
  machineId: v.nullable(v.pipe(v.string(), v.minLength(1))),
  name: v.string(),
  channel: v.string(),
  url: v.string(),
  enrolledAt: v.number(),
  privateKey: v.string(),
});
