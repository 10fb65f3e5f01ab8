/** The two servers of the example, each a process of its own. */
import { LOCAL_ENVIRONMENT } from "../apps.js";
import { REPOSITORY } from "../build-app.js";
import type { ScriptError } from "../script-error.js";
import { type ChildServer, startChildServer } from "./child-server.js";
import { EXAMPLE, EXAMPLE_APP } from "./example-folder.js";
import { type RunningExample, readVersion } from "./example-state.js";

/** Starts the gateway, as the command `tideline-gateway` does. */
export function startGateway(
  { page, gateway, ledger }: RunningExample,
  onEnd: (error: ScriptError) => void,
): ChildServer {
  const { port: pagePort } = new URL(page);
  return startChildServer({
    name: "gateway",
    command: process.execPath,
    args: [
      ...["--conditions=convex", "--import", "tsx", "packages/gateway/src/main.ts"],
      ...["--convex-url", ledger, "--target", `${EXAMPLE_APP}/${LOCAL_ENVIRONMENT}`],
      ...["--port", new URL(gateway).port],
      // The page has another port, so for a browser it is of another origin.
      ...["--allow-origin", `http://127.0.0.1:${pagePort}`],
      ...["--allow-origin", `http://localhost:${pagePort}`],
    ],
    cwd: REPOSITORY,
    env: process.env,
    onEnd,
  });
}

/**
 * Starts the page's server, under the version that was written last.
 *
 * @param python Of the virtual environment.
 */
export async function startPage(
  python: string,
  { page, gateway }: RunningExample,
  data: string,
  onEnd: (error: ScriptError) => void,
): Promise<ChildServer> {
  const { port } = new URL(page);
  return startChildServer({
    name: "page's server",
    command: python,
    args: [
      ...["-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", port],
      ...["--log-level", "warning", "--timeout-graceful-shutdown", "2"],
    ],
    cwd: EXAMPLE,
    env: {
      ...process.env,
      SPOT_VERSION: await readVersion(data),
      TIDELINE_GATEWAY: gateway,
      TIDELINE_APP: EXAMPLE_APP,
      TIDELINE_ENVIRONMENT: LOCAL_ENVIRONMENT,
    },
    onEnd,
  });
}
