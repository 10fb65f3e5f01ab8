/** Where a binary runs: operating system, processor and, on Linux, the C library. */
export interface Platform {
  readonly os: "linux" | "darwin" | "windows";
  readonly arch: "x64" | "arm64" | "arm" | "ia32" | "riscv64" | "ppc64" | "s390x";
  /** Null where the system has but one. */
  readonly libc: "glibc" | "musl" | null;
}

/** A platform as a manifest's key: `"linux-x64-glibc"`, `"darwin-arm64"`. */
export type PlatformKey = string;

/** Gives the key of a platform. */
export function platformKey({ os, arch, libc }: Platform): PlatformKey {
  return libc === null ? `${os}-${arch}` : `${os}-${arch}-${libc}`;
}
