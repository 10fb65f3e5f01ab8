/**
 * Runs one of this folder's TypeScript scripts on any Node that the project supports.
 * Plain JavaScript on purpose: it has to be able to say that the Node is too old.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Cannot start: Tideline needs Node 20.19 or newer, this is Node ${process.versions.node}`,
  );
  process.exit(1);
}

const [name, ...args] = process.argv.slice(2);
const script = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
// "convex" makes the workspace's packages resolve to their sources, as the Convex bundler does.
const child = spawn(process.execPath, ["--conditions=convex", "--import", "tsx", script, ...args], {
  stdio: "inherit",
});
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
// A terminal sends Ctrl-C to the child as well; stay until it has shut down.
process.on("SIGINT", () => {});
child.on("exit", (code, signal) => {
  process.exit(code ?? 128 + (constants.signals[signal ?? "SIGTERM"] ?? 15));
});
