/** Who listens on a port of this machine, for a message to whoever wanted it. */
import { readdir, readFile, readlink } from "node:fs/promises";

const ANSWER_WITHIN_MS = 500;

/**
 * Names the program that listens, as far as can be told: `process-compose (pid 4711)`, `pid 4711
 * (node)`, `another program`. Never throws.
 */
export async function describePortOwner(host: string, port: number): Promise<string> {
  const [product, process] = await Promise.all([askByHttp(host, port), findProcess(port)]);
  if (product !== null && process !== null) return `${product} (pid ${process.pid})`;
  if (process !== null) return `"${process.name}" (pid ${process.pid})`;
  return product ?? "another program";
}

/** What is known to stand on such ports, by what only it answers. */
async function askByHttp(host: string, port: number): Promise<string | null> {
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  const base = `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
  const [live, health] = await Promise.all([askJson(`${base}/live`), askJson(`${base}/health`)]);
  if (live?.status === "alive") return "process-compose";
  if (health?.status === "ok") return "another `tideline-sync watch`";
  return null;
}

async function askJson(url: string): Promise<Readonly<Record<string, unknown>> | null> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ANSWER_WITHIN_MS);
  try {
    const answer: unknown = await (await fetch(url, { signal: controller.signal })).json();
    return typeof answer === "object" && answer !== null ? { ...answer } : null;
  } catch {
    // It speaks something else, or nothing.
    return null;
  } finally {
    clearTimeout(timer);
  }
}

interface Process {
  readonly pid: number;
  readonly name: string;
}

/** By Linux's tables; null elsewhere, and for processes of other users. */
async function findProcess(port: number): Promise<Process | null> {
  try {
    const inodes = await listeningInodes(port);
    if (inodes.size === 0) return null;
    for (const pid of await readdir("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      if (await holdsSocket(pid, inodes)) {
        const name = (await readFile(`/proc/${pid}/comm`, "utf8")).trim();
        return { pid: Number(pid), name };
      }
    }
  } catch {
    // No /proc, or a process that ended meanwhile: the message does without.
  }
  return null;
}

async function listeningInodes(port: number): Promise<Set<string>> {
  // Columns of proc(5), /proc/net/tcp: local address in hex, state 0A is listening, inode.
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const found = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const text = await readFile(table, "utf8").catch(() => "");
    for (const line of text.split("\n")) {
      const columns = line.trim().split(/\s+/);
      if (columns[1]?.endsWith(`:${hexPort}`) && columns[3] === "0A" && columns[9]) {
        found.add(`socket:[${columns[9]}]`);
      }
    }
  }
  return found;
}

async function holdsSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const files = await readdir(folder).catch(() => [] as string[]);
  for (const file of files) {
    const target = await readlink(`${folder}/${file}`).catch(() => "");
    if (inodes.has(target)) return true;
  }
  return false;
}
