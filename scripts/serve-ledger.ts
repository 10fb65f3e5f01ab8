/**
 * What the ledger's container runs: the embedded server on this repository's functions, reachable
 * from outside the container, with the functions' settings (TIDELINE_…) from its environment.
 * `--check` asks whether it answers.
 */
import { StartError, startServer } from "@tideline/embedded";
import { runScript, ScriptError } from "./script-error.js";

const SETTING = /^TIDELINE_(?!ADMIN_KEY$)/;

const { TIDELINE_ADMIN_KEY: adminKey } = process.env;

await runScript(async () => {
  if (process.argv.includes("--check")) return await check();
  const server = await startServer({
    dir: "convex",
    data: "/data",
    host: "0.0.0.0",
    env: Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value]) =>
        SETTING.test(name) && value ? [[name, value]] : [],
      ),
    ),
    ...(adminKey && { adminKey }),
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => void server.close());
  }
}, [StartError]);

async function check(): Promise<void> {
  const signal = AbortSignal.timeout(3_000);
  const response = await fetch("http://127.0.0.1:3210/version", { signal });
  if (!response.ok) throw new ScriptError(`The ledger answers ${response.status}`);
}
