import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { privateKeyPem } from "@tideline/fleet";
import { builtScript } from "../built-script.js";
import type { PublishRig } from "./publish-rig.js";

const MAIN = fileURLToPath(new URL("publish-process-main.ts", import.meta.url));

/**
 * Publishes nats 2.10.25 to a rig's host in a process of its own.
 *
 * @param dieAt The step after which it kills itself; null: it lives.
 * @returns Its exit code, or the signal that ended it.
 */
export async function publishInProcess(
  { host, fleet, now }: PublishRig,
  dieAt: string | null,
): Promise<number | NodeJS.Signals | null> {
  const [key] = fleet.releaseKeys;
  if (key === undefined) throw new Error("Cannot publish: expected a release key, got none");
  const world = {
    ...{ api: host.api, token: host.token, repository: host.repository.name },
    ...{ trust: fleet.trust, key: privateKeyPem(key), keyset: fleet.signKeyset(), now, dieAt },
  };
  const child = spawn(process.execPath, [await builtScript(MAIN)], {
    env: { ...process.env, PUBLISH_WORLD: JSON.stringify(world) },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(signal ?? code));
  });
}
