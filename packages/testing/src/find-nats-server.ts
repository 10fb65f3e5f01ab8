import { join } from "node:path";
import { builtProgram } from "./built-program.js";

/** The two neighbouring releases of nats-server that the tests update between. */
export const NATS_VERSIONS = ["2.10.24", "2.10.25"] as const;

/**
 * Gives the path of a released nats-server, built by `go install` where Go is there.
 *
 * @returns Null if there is none; that is said loudly.
 */
export async function findNatsServer(
  version: (typeof NATS_VERSIONS)[number],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | null> {
  return await builtProgram(
    {
      label: `nats-server ${version}`,
      purpose: "with a real nats-server",
      build: async (go, folder) => {
        await go(folder, "install", `github.com/nats-io/nats-server/v2@v${version}`);
        return join(folder, "bin", "nats-server");
      },
    },
    env,
  );
}
