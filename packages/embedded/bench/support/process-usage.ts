/** What a process has used, as Linux counts it; a process cannot hide its own threads from it. */
import { readdirSync, readFileSync } from "node:fs";

/** CPU seconds of all threads since the process began. */
export function cpuSeconds(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [running = "0"] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(
      " ",
    );
    nanoseconds += Number(running);
  }
  return nanoseconds / 1e9;
}

/** Resident memory in KB. */
export function residentKilobytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(match?.[1] ?? 0);
}

/**
 * Ends the process with a sentence if it may not open as many files as the bench needs, or if this
 * is not Linux.
 */
export function requireOpenFiles(needed: number): void {
  let limits: string;
  try {
    limits = readFileSync("/proc/self/limits", "utf8");
  } catch {
    console.error("Cannot run this bench: it reads /proc, which only Linux has");
    process.exit(1);
  }
  const allowed = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  if (allowed >= needed) return;
  console.error(
    `Cannot open ${needed} files: this shell allows ${allowed} a process; run "ulimit -n ${needed}" first`,
  );
  process.exit(1);
}
