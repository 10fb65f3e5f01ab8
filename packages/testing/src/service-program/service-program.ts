/**
 * Small real services for tests of the fleet, as files that can be swapped and run: a shell script,
 * which starts in about 2 ms, or with `http` a Node script, which starts in about 50 ms.
 *
 * Both understand `--version`, and `--notes FOLDER` for the traces that a test looks at:
 * `starts` gets a line "<pid> <version>" at each start, `ready-<pid>` is there while the process is ready.
 * With `http` also `--port N` or `--socket PATH` for the routes of node-source.ts.
 */
import { createHash } from "node:crypto";
import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { nodeSource } from "./node-source.js";
import { shellSource } from "./shell-source.js";

/** How a service behaves. */
export type ServiceVariant =
  /** Ready at once, ends at SIGTERM. */
  | "good"
  /** Ends with 3 at once. */
  | "crash-at-start"
  /** Ready; ends with 4 at SIGUSR1, and with `http` at its `crashAfterRequests`-th request. */
  | "crash-later"
  | "never-ready"
  /** Ready; not any more from SIGUSR2 on. */
  | "ready-then-not"
  /** Only SIGKILL ends it. */
  | "ignores-sigterm"
  /** Lives, and keeps its port, for 3 s after SIGTERM. */
  | "ends-slowly"
  /** As good, but `--version` says "0.0.0-other". */
  | "wrong-version"
  /** Writes data that no other variant can start from (they end with 5), then ends with 3. */
  | "spoils-data";

/** Which service. */
export interface ServiceProgramOptions {
  readonly version: string;
  /** @default "demo" */
  readonly name?: string;
  /** @default "good" */
  readonly variant?: ServiceVariant;
  /** Whether it serves HTTP. @default false */
  readonly http?: boolean;
  /** For `crash-later` with `http`. @default 3 */
  readonly crashAfterRequests?: number;
}

/** A program, and what a manifest says of it. */
export interface ServiceProgram {
  readonly bytes: Buffer;
  readonly sha256: string;
  readonly version: string;
}

/** Gives the program's bytes; they differ for each name, version and variant. */
export function serviceProgram(options: ServiceProgramOptions): ServiceProgram {
  const filled = { name: "demo", variant: "good" as const, crashAfterRequests: 3, ...options };
  const bytes = Buffer.from(options.http === true ? nodeSource(filled) : shellSource(filled));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { bytes, sha256, version: options.version };
}

/** Puts a program at a path, by rename, ready to run. */
export async function writeServiceProgram(
  path: string,
  options: ServiceProgramOptions,
): Promise<ServiceProgram> {
  const program = serviceProgram(options);
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.new`;
  await writeFile(temporary, program.bytes);
  await chmod(temporary, 0o755);
  await rename(temporary, path);
  return program;
}

/** What tells by a command whether this run of the service is ready; for the built-in supervisor. */
export function readinessByNotes(notes: string): { readonly command: readonly string[] } {
  return { command: ["/bin/sh", "-c", `test -e "$0/ready-$SERVICE_PID"`, notes] };
}
