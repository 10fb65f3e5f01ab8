import type { PlatformKey } from "@tideline/version/fleet";

const SYSTEMS: Readonly<Record<string, string>> = {
  linux: "Linux",
  darwin: "macOS",
  windows: "Windows",
};

/** Says a platform as people do: "Linux x64, musl" for linux-x64-musl. */
export function platformText(platform: PlatformKey): string {
  const [system = "", processor = "", libc] = platform.split("-");
  // glibc is what everybody has who says nothing of it.
  const suffix = libc === "musl" ? ", musl" : "";
  return `${SYSTEMS[system] ?? system} ${processor}${suffix}`.trim();
}
