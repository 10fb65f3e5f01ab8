import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtSync } from "../built-sync.js";

/** What a run of `tideline-sync` did. */
export interface TracedRun {
  readonly code: number | null;
  readonly stdout: string;
  /** Every path that was opened for writing, made, renamed, linked, changed or removed. */
  readonly written: readonly string[];
  /** The method of every HTTP request that left the process. */
  readonly sent: readonly string[];
}

/** Runs `tideline-sync` under strace. */
export async function traceSync(
  strace: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<TracedRun> {
  const folder = await mkdtemp(join(tmpdir(), "tideline-trace-"));
  const trace = join(folder, "trace");
  const { PATH = "", HOME = "" } = process.env;
  const node = [process.execPath, await builtSync(), ...args];
  const { code, stdout } = await new Promise<{ code: number | null; stdout: string }>((resolve) => {
    execFile(
      strace,
      [...OPTIONS, "-o", trace, ...node],
      { cwd, env: { PATH, HOME, ...env } },
      (error, output) => resolve({ code: error === null ? 0 : Number(error.code), stdout: output }),
    );
  });
  const lines = (await readFile(trace, "utf8")).split("\n");
  await rm(folder, { recursive: true });
  return {
    ...{ code, stdout },
    written: [...new Set(lines.flatMap(changedPaths))],
    sent: lines.flatMap(sentMethod),
  };
}

const CHANGES =
  "rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,truncate,chmod,fchmod,fchmodat,chown,fchown,fchownat,utimensat,mknod,mknodat";
const OPTIONS = [
  ...["-f", "-y", "-qq", "-s", "120"],
  ...["-e", `trace=open,openat,openat2,creat,${CHANGES},write,writev,sendto,sendmsg`],
  ...["-e", "signal=none"],
];

function changedPaths(line: string): string[] {
  const [, name = "", args = "", result = ""] = /^\d+ +(\w+)\((.*)\)\s+= (-?\d+)/.exec(line) ?? [];
  if (name === "" || Number(result) < 0) return [];
  if (["write", "writev", "sendto", "sendmsg"].includes(name)) return [];
  const isOpening = name.startsWith("open");
  if (isOpening && !/O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND/.test(args)) return [];
  const paths = [...args.matchAll(/"([^"]*)"/g), ...args.matchAll(/^\d+<([^>]*)>/g)];
  return paths.map((match) => match[1] as string).filter((path) => !path.startsWith("/dev/"));
}

/** An HTTP request begins with its method; a frame of a WebSocket does not. */
function sentMethod(line: string): string[] {
  const method =
    /^\d+ +(?:write|writev|sendto|sendmsg)\(\d+<[^>]*>, .*?"(GET|HEAD|POST|PUT|PATCH|DELETE) \//.exec(
      line,
    );
  return method === null ? [] : [method[1] as string];
}
