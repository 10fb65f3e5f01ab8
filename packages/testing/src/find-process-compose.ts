import { chmod, cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { builtProgram } from "./built-program.js";
import { isExecutable } from "./find-executable.js";

/** The version that the tests are written for. */
export const PROCESS_COMPOSE_VERSION = "v1.120.0";

const MODULE = "github.com/f1bonacc1/process-compose";
const CLIPBOARD = "github.com/f1bonacc1/glippy";

let found: Promise<string | null> | null = null;

/**
 * Gives the path of process-compose: `PROCESS_COMPOSE_BIN`, else one that is built from its sources
 * where Go is there.
 *
 * @returns Null if there is none; that is said loudly, and the tests go on with the built-in supervisor.
 * @throws {Error} If `PROCESS_COMPOSE_BIN` cannot be run.
 */
export function findProcessCompose(env: NodeJS.ProcessEnv = process.env): Promise<string | null> {
  found ??= find(env);
  return found;
}

async function find(env: NodeJS.ProcessEnv): Promise<string | null> {
  const named = env.PROCESS_COMPOSE_BIN?.trim();
  if (named) {
    if (await isExecutable(named)) return named;
    throw new Error(
      `Cannot start process-compose: PROCESS_COMPOSE_BIN names "${named}", which cannot be run`,
    );
  }
  return await builtProgram(
    {
      label: `process-compose ${PROCESS_COMPOSE_VERSION}`,
      purpose: "under a real process-compose",
      // `go install` takes no replacement, and a module's folder in Go's cache is read-only: a copy.
      build: async (go, folder) => {
        const told = await go(
          folder,
          "mod",
          "download",
          "-json",
          `${MODULE}@${PROCESS_COMPOSE_VERSION}`,
        );
        const source = join(folder, "source");
        await cp((JSON.parse(told) as { Dir: string }).Dir, source, { recursive: true });
        await makeWritable(source);
        await writeClipboard(join(source, "clipboard"));
        await go(source, "mod", "edit", "-replace", `${CLIPBOARD}=./clipboard`);
        const output = join(folder, "process-compose");
        const version = `-X ${MODULE}/src/config.Version=${PROCESS_COMPOSE_VERSION}`;
        await go(source, "build", "-mod=mod", "-ldflags", version, "-o", output, ".");
        return output;
      },
    },
    env,
  );
}

/** Stands in for its library of the clipboard, which a server has none of: every copy is refused. */
async function writeClipboard(folder: string): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, "go.mod"), `module ${CLIPBOARD}\n\ngo 1.21\n`);
  await writeFile(
    join(folder, "clipboard.go"),
    `package glippy

import "errors"

type Method int

const MethodOSC52 Method = 0

var errNone = errors.New("there is no clipboard")

func Set(string) error { return errNone }

func SetWithMethod(string) (Method, error) { return MethodOSC52, errNone }
`,
  );
}

async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await makeWritable(path);
    else if (entry.isFile()) await chmod(path, 0o644);
  }
}
