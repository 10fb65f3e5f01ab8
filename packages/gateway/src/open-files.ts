/**
 * Reads how many files a process may have open at most; Node takes the hard limit by itself.
 *
 * @returns Null where it is not known: Windows, which has none of the kind.
 */
export function hardFileLimit(): number | null {
  const { report } = process;
  if (report === undefined) return null;
  // Otherwise it looks up the names of whoever is connected.
  (report as { excludeNetwork?: boolean }).excludeNetwork = true;
  const { userLimits } = report.getReport() as {
    userLimits?: { open_files?: { hard?: number | "unlimited" } };
  };
  const hard = userLimits?.open_files?.hard;
  return hard === "unlimited" ? Number.POSITIVE_INFINITY : (hard ?? null);
}

/**
 * Says what to do where there are fewer files than streams.
 *
 * @param others Connections besides the streams.
 * @returns One sentence; null if there is room for all.
 */
export function fileLimitWarning(
  limit: number | null,
  maxConnections: number,
  others: number,
): string | null {
  const needed = maxConnections + others;
  if (limit === null || limit >= needed) return null;
  const fitting = Math.max(1, limit - others);
  return (
    `Only ${limit} files may be open, and ${maxConnections} streams need ${needed}: ` +
    `raise it (ulimit -Hn ${needed}, LimitNOFILE= of systemd, --ulimit nofile=${needed} of Docker), ` +
    `or begin with --max-connections ${fitting}`
  );
}
