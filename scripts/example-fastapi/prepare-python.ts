import { execFile } from "node:child_process";
import { access, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ScriptError } from "../script-error.js";
import { EXAMPLE } from "./example-folder.js";

const REQUIREMENTS = join(EXAMPLE, "requirements.txt");
const ENVIRONMENT = join(EXAMPLE, ".venv");
// What is installed; written last, so that an installation that was broken off is made anew.
const INSTALLED = join(ENVIRONMENT, "installed.txt");
const BINARIES = process.platform === "win32" ? "Scripts/python.exe" : "bin/python";

// What the newest FastAPI needs.
const OLDEST = [3, 11] as const;

// Of a virtual environment, Debian's python3 alone has neither part.
const ASK = `
import sys
print(*sys.version_info[:2])
import venv, ensurepip
print("venv")
`;

/**
 * Gives the Python of the example's virtual environment, in which its requirements are installed;
 * at the first start, and when the requirements have changed, it makes one.
 *
 * @param say Told what is done while that takes a while.
 * @throws {ScriptError} If there is no Python that can do it, or the installation fails.
 */
export async function preparePython(
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<string> {
  const python = join(ENVIRONMENT, BINARIES);
  const wanted = await readFile(REQUIREMENTS, "utf8");
  const installed = await readFile(INSTALLED, "utf8").catch(() => null);
  if (installed === wanted && (await runs(python))) return python;

  const base = await findPython(env);
  say("Installing what examples/fastapi/requirements.txt names …");
  await rm(ENVIRONMENT, { recursive: true, force: true });
  await runOrRefuse(base, ["-m", "venv", ENVIRONMENT], "make a virtual environment");
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  await runOrRefuse(
    python,
    [...install, "--requirement", REQUIREMENTS],
    "install its requirements",
  );
  await writeFile(INSTALLED, wanted);
  return python;
}

/**
 * Gives a Python that is new enough and can make virtual environments: the one that `PYTHON` names,
 * else the first of the usual names.
 *
 * @throws {ScriptError} If there is none; the sentence says what to install.
 */
export async function findPython(env: NodeJS.ProcessEnv): Promise<string> {
  const named = env.PYTHON?.trim();
  const problems: string[] = [];
  for (const command of named ? [named] : ["python3", "python"]) {
    const { said, isFound } = await ask(command, env);
    const [version = "", hasVenv] = said.split("\n");
    const [major = 0, minor = 0] = version.split(" ").map(Number);
    if (!isFound || major === 0) problems.push(`found no ${command}`);
    else if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
      problems.push(`${command} is Python ${major}.${minor}`);
    } else if (hasVenv !== "venv") {
      problems.push(`${command} cannot make virtual environments`);
    } else return command;
  }
  throw new ScriptError(
    `Cannot start the example: expected Python ${OLDEST.join(".")} or newer with venv, but ${problems.join(" and ")}; install it (apt-get install python3 python3-venv, brew install python), or name one in PYTHON`,
  );
}

function ask(
  command: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly said: string; readonly isFound: boolean }> {
  return new Promise((resolve) => {
    execFile(command, ["-c", ASK], { env }, (error, stdout) => {
      resolve({ said: stdout.trim(), isFound: error?.code !== "ENOENT" });
    });
  });
}

async function runs(python: string): Promise<boolean> {
  const isThere = await access(python).then(
    () => true,
    () => false,
  );
  // A Python that was upgraded leaves environments behind that point to nothing.
  return isThere && (await ask(python, process.env)).said !== "";
}

function runOrRefuse(command: string, args: readonly string[], what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(command, args, (error, stdout, stderr) => {
      if (error === null) return resolve();
      const said = `${stderr}${stdout}`.trim().split("\n").slice(-5).join("\n");
      reject(new ScriptError(`Cannot ${what} for the example: ${said}`, { cause: error }));
    });
  });
}
