import type { Platform } from "@tideline/version/fleet";
import { SyncError } from "../sync-error.js";

/** What {@link platformHere} looks at; `process` has it all. */
export interface PlatformFacts {
  readonly platform: string;
  readonly arch: string;
  /** Node's report about itself; its header names glibc's version where the C library is glibc. */
  readonly report?: { getReport(): object; excludeNetwork?: boolean } | undefined;
}

/**
 * Names the platform that this process runs on, as a manifest's artifacts are keyed. A Linux on which
 * Node itself runs without glibc counts as musl.
 *
 * @throws {SyncError} `NO_ARTIFACT` on a system or processor that no manifest can name.
 */
export function platformHere(facts: PlatformFacts = process as PlatformFacts): Platform {
  const os = SYSTEMS[facts.platform];
  const arch = ARCHITECTURES.find((known) => known === facts.arch);
  if (os === undefined || arch === undefined) {
    throw new SyncError(
      "NO_ARTIFACT",
      `Cannot name this platform: expected a known system and processor, got "${facts.platform}-${facts.arch}"`,
    );
  }
  return { os, arch, libc: os === "linux" ? libcOf(facts.report) : null };
}

const SYSTEMS: Readonly<Record<string, Platform["os"]>> = {
  linux: "linux",
  darwin: "darwin",
  win32: "windows",
};

const ARCHITECTURES: readonly Platform["arch"][] = [
  "x64",
  "arm64",
  "arm",
  "ia32",
  "riscv64",
  "ppc64",
  "s390x",
];

function libcOf(report: PlatformFacts["report"]): "glibc" | "musl" {
  if (report === undefined) return "glibc";
  // Else the report asks the name server about every open connection, which can take seconds.
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  try {
    const { header } = report.getReport() as { header?: { glibcVersionRuntime?: unknown } };
    return typeof header?.glibcVersionRuntime === "string" ? "glibc" : "musl";
  } finally {
    report.excludeNetwork = before ?? false;
  }
}
