/**
 * `npm run test:convex`: the ledger's own tests against a real deployment.
 *
 * Pushes this repository's functions there (the embedded server has its folder from its start),
 * then sets and removes the deployment's TIDELINE_ variables as the tests need them. Meant for a
 * deployment that nobody uses for anything else.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startVitest } from "vitest/node";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const USAGE = `Usage: npm run test:convex

Runs the ledger's tests against the deployment that two variables name:

  CONVEX_SELF_HOSTED_URL, CONVEX_SELF_HOSTED_ADMIN_KEY

It pushes this repository's functions there, and sets and removes its TIDELINE_ variables, so take
one that nobody uses for anything else.`;

const wantsHelp = process.argv.slice(2).some((arg) => arg === "--help" || arg === "-h");
const problem = wantsHelp ? null : await findProblem();
if (wantsHelp) {
  console.log(USAGE);
} else if (problem !== null) {
  console.error(problem);
  process.exitCode = 1;
} else {
  await runSuite();
}

/** Says why the tests cannot run, or null once the functions are on the deployment. */
async function findProblem(): Promise<string | null> {
  const url = process.env.CONVEX_SELF_HOSTED_URL?.replace(/\/+$/, "");
  const adminKey = process.env.CONVEX_SELF_HOSTED_ADMIN_KEY;
  if (!url || !adminKey) {
    return "Cannot test against Convex: set CONVEX_SELF_HOSTED_URL and CONVEX_SELF_HOSTED_ADMIN_KEY";
  }
  process.env.CONVEX_SELF_HOSTED_URL = url;
  let instanceName: string;
  try {
    const response = await fetch(`${url}/instance_name`, { signal: AbortSignal.timeout(10_000) });
    instanceName = await response.text();
    if (!response.ok) {
      return `Cannot test against Convex: ${url}/instance_name answers ${response.status}`;
    }
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return `Cannot test against Convex: nothing answers at ${url} (${String(reason)})`;
  }
  // It serves the folder that it was started with and takes no push.
  if (instanceName.trim() === "tideline-embedded") return null;
  return (await pushFunctions(url, adminKey))
    ? null
    : `Cannot test against Convex: the functions could not be pushed to ${url}`;
}

/** Pushes `convex/` with the official CLI. */
async function pushFunctions(url: string, adminKey: string): Promise<boolean> {
  // A file of its own names the deployment: beside a .env.local that names another one the CLI
  // refuses the two variables.
  const folder = await mkdtemp(join(tmpdir(), "tideline-test-convex-"));
  const envFile = join(folder, "deployment.env");
  const names = `CONVEX_SELF_HOSTED_URL="${url}"\nCONVEX_SELF_HOSTED_ADMIN_KEY="${adminKey}"\n`;
  await writeFile(envFile, names, { mode: 0o600 });
  const options = ["--yes", "--typecheck", "disable", "--codegen", "disable"];
  const { status } = spawnSync("npx", ["convex", "deploy", "--env-file", envFile, ...options], {
    cwd: ROOT,
    stdio: "inherit",
    env: { ...process.env, CI: "1" },
  });
  await rm(folder, { recursive: true });
  return status === 0;
}

async function runSuite(): Promise<void> {
  const vitest = await startVitest(
    "test",
    [],
    {
      config: false,
      root: ROOT,
      watch: false,
      include: ["packages/testing/src/ledger/convex-deployment.ts"],
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
    {
      resolve: { conditions: ["convex", "module", "node", "development|production"] },
      ssr: { resolve: { conditions: ["convex", "module", "node", "development|production"] } },
    },
  );
  // A run that found nothing to run has shown nothing.
  if (vitest.state.getFiles().length === 0) process.exitCode = 1;
  await vitest.close();
}
