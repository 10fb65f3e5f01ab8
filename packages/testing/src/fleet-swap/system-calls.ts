/** Reads what `strace -f -y` has written about files, and says where a power cut would do harm. */

/** One finished call that changes files or forces them to disk. */
export type FileCall =
  | { readonly kind: "write" | "sync" | "unlink"; readonly path: string }
  | { readonly kind: "rename" | "link"; readonly from: string; readonly to: string };

/** What strace has to record for {@link readCalls}. */
export const STRACE_OPTIONS = [
  "-f",
  "-y",
  "-qq",
  "-s",
  "200",
  "-e",
  "trace=write,pwrite64,writev,pwritev,pwritev2,ftruncate,copy_file_range,sendfile,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat",
] as const;

/**
 * Gives the calls on files below a folder, in the order in which they took effect: a write and a rename
 * from when they began, a sync only from when it was done.
 */
export function readCalls(trace: string, folder: string): FileCall[] {
  const calls: { at: number; call: FileCall }[] = [];
  const unfinished = new Map<string, { text: string; at: number }>();
  trace.split("\n").forEach((line, index) => {
    const [, thread = "", text = ""] = /^(?:\[pid +)?(\d+)\]? +(.*)$/.exec(line) ?? [];
    if (text.endsWith("<unfinished ...>")) {
      unfinished.set(thread, { text: text.replace(/\s*<unfinished \.\.\.>$/, ""), at: index });
      return;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text);
    const begun = resumed === null ? undefined : unfinished.get(thread);
    const whole = begun === undefined ? text : begun.text + resumed?.[1];
    const call = readCall(whole);
    if (call === null) return;
    const paths = "path" in call ? [call.path] : [call.from, call.to];
    if (!paths.some((path) => path === folder || path.startsWith(`${folder}/`))) return;
    calls.push({ at: call.kind === "sync" ? index : (begun?.at ?? index), call });
  });
  return calls.sort((a, b) => a.at - b.at).map(({ call }) => call);
}

function readCall(text: string): FileCall | null {
  const [, name = "", args = "", result = ""] = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(text) ?? [];
  if (name === "" || Number(result) < 0) return null;
  const opened = /^\d+<([^>]*)>/.exec(args)?.[1] ?? "";
  const named = [...args.matchAll(/"([^"]*)"/g)].map((match) => match[1] as string);
  switch (name) {
    case "fsync":
    case "fdatasync":
      return { kind: "sync", path: opened };
    case "unlink":
    case "unlinkat":
      return { kind: "unlink", path: named[0] as string };
    case "rename":
    case "renameat":
    case "renameat2":
      return { kind: "rename", from: named[0] as string, to: named[1] as string };
    case "link":
    case "linkat":
      return { kind: "link", from: named[0] as string, to: named[1] as string };
    case "copy_file_range": {
      const target = [...args.matchAll(/\d+<([^>]*)>/g)][1]?.[1] ?? "";
      return { kind: "write", path: target };
    }
    default:
      return { kind: "write", path: opened };
  }
}

/**
 * Takes the calls one by one and looks at each state in between: which names would, after a power cut
 * just then, lead to a file whose bytes were never forced to disk.
 *
 * @param isFinal Whether a name promises a whole file; others may be half-written.
 * @returns One sentence for each; none if there is no such state.
 */
export function findUnsafeStates(
  calls: readonly FileCall[],
  isFinal: (path: string) => boolean,
): string[] {
  const files = new Map<string, { isDirty: boolean }>();
  const fileAt = (path: string) => {
    const file = files.get(path) ?? { isDirty: false };
    files.set(path, file);
    return file;
  };
  const problems: string[] = [];
  calls.forEach((call, index) => {
    switch (call.kind) {
      case "write":
        fileAt(call.path).isDirty = true;
        break;
      case "sync":
        fileAt(call.path).isDirty = false;
        break;
      case "unlink":
        files.delete(call.path);
        break;
      case "link":
        files.set(call.to, fileAt(call.from));
        break;
      case "rename":
        files.set(call.to, fileAt(call.from));
        files.delete(call.from);
        break;
      default:
        call satisfies never;
    }
    for (const [path, { isDirty }] of files) {
      if (isDirty && isFinal(path)) {
        problems.push(`after call ${index} (${JSON.stringify(call)}) "${path}" is not on disk`);
      }
    }
  });
  return problems;
}

/** Names of folders in which something was renamed or linked and that were not synced afterwards. */
export function findUnsyncedFolders(calls: readonly FileCall[]): string[] {
  const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/"));
  const unsynced = new Set<string>();
  for (const call of calls) {
    if (call.kind === "rename") unsynced.add(folderOf(call.to));
    if (call.kind === "sync") unsynced.delete(call.path);
  }
  return [...unsynced];
}
