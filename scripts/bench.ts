/** Runs the benches of the packages, one after the other, each in a process of its own. */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const args = process.argv.slice(2);
if (args.includes("--help") || args.includes("-h")) {
  console.log(`Usage: npm run bench -- [name …] [options]

Runs the benches whose file has one of the names in it, or all of them:

${findBenches()
  .map((file) => `  ${file}`)
  .join("\n")}

  --quick    fewer rounds; other options go to the benches as well
  --help`);
  process.exit();
}
const options = args.filter((arg) => arg.startsWith("--"));
const names = args.filter((arg) => !arg.startsWith("--"));

const benches = findBenches().filter(
  (file) => names.length === 0 || names.some((name) => file.includes(name)),
);
if (benches.length === 0) {
  console.error(`Cannot run benches: none is named like ${names.join(", ")}`);
  process.exit(1);
}
for (const file of benches) {
  console.log(`\n# ${file}`);
  const code = await run(file);
  if (code !== 0) process.exitCode = 1;
}

function findBenches(): string[] {
  const packages = readdirSync(join(root, "packages"), { withFileTypes: true });
  return packages
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(root, "packages", entry.name, "bench"))
    .flatMap((folder) => listFiles(folder))
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => relative(root, file))
    .sort();
}

function listFiles(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(folder, entry.name));
  } catch {
    // Not every package has benches.
    return [];
  }
}

function run(file: string): Promise<number | null> {
  const node = ["--conditions=convex", "--import", "tsx", file, ...options];
  const child = spawn(process.execPath, node, { cwd: root, stdio: "inherit" });
  return new Promise((resolve) => child.once("close", resolve));
}
