import { readdir, readFile, readlink } from "node:fs/promises";

/** Who has a port. */
export interface PortListener {
  /** Null if it belongs to another user, whose processes cannot be looked into. */
  readonly pid: number | null;
  /** As the system calls it: `"process-compose"`; null like {@link pid}. */
  readonly program: string | null;
}

const LISTEN = "0A"; // TCP_LISTEN of include/net/tcp_states.h, in hex

/**
 * Finds who listens on a TCP port of this machine, from /proc (proc(5)).
 *
 * @returns Null if nobody does, or where there is no /proc.
 */
export async function findListener(port: number): Promise<PortListener | null> {
  const inodes = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const text = await readFile(table, "utf8").catch(() => "");
    for (const line of text.split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      const isPort = Number.parseInt(fields[1]?.split(":")[1] ?? "", 16) === port;
      if (isPort && fields[3] === LISTEN && fields[9] !== undefined) inodes.add(fields[9]);
    }
  }
  if (inodes.size === 0) return null;
  for (const pid of await readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(pid) || !(await hasSocket(pid, inodes))) continue;
    const program = (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")).trim();
    return { pid: Number(pid), program: program || null };
  }
  return { pid: null, program: null };
}

/** Says it in a sentence: `"process-compose (pid 41)"`. */
export function describeListener({ pid, program }: PortListener): string {
  return pid === null ? "another user's program" : `${program ?? "a program"} (pid ${pid})`;
}

async function hasSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  for (const descriptor of await readdir(folder).catch(() => [])) {
    // One that was closed meanwhile names nothing.
    const target = await readlink(`${folder}/${descriptor}`).catch(() => "");
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined && inodes.has(inode)) return true;
  }
  return false;
}
