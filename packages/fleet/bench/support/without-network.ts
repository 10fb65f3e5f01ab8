/** A network of one's own, in which "no network" can be had for real. */
import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";

const INSIDE = "TIDELINE_BENCH_OWN_NETWORK";

/** The loopback of a network of our own, the only interface in it. */
export interface OwnNetwork {
  up(): Promise<void>;
  down(): Promise<void>;
}

/**
 * Runs this very script again in a network of its own, where this machine allows it, and ends this
 * process with its exit code. Inside, gives the interface; it is up.
 *
 * @param env What the script inside cannot find out without a network.
 * @returns Null where it is not allowed, as for whoever is not root.
 */
export async function enterOwnNetwork(
  env: Readonly<Record<string, string>>,
): Promise<OwnNetwork | null> {
  if (process.env[INSIDE] === undefined) {
    if (spawnSync("unshare", ["--net", "ip", "link", "show", "lo"]).status !== 0) return null;
    const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
    const { status } = spawnSync("unshare", ["--net", ...again], {
      stdio: "inherit",
      env: { ...process.env, ...env, [INSIDE]: "1" },
    });
    process.exit(status ?? 1);
  }
  const set = async (state: "up" | "down") => {
    await promisify(execFile)("ip", ["link", "set", "lo", state]);
  };
  const network = { up: () => set("up"), down: () => set("down") };
  await network.up();
  return network;
}
