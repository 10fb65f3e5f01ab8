/** How releases and their files are called. */
import type { PlatformKey } from "@tideline/version/fleet";

/**
 * The tag of a release: `nats-v2.10.25`; where a version has more than one release, as after a
 * revert, `nats-v2.10.24-r8` with its `seq`.
 */
export function releaseTag(subsystem: string, version: string, again: number | null): string {
  const tag = `${subsystem}-v${plain(version)}`;
  return again === null ? tag : `${tag}-r${again}`;
}

/** The name of a package, after its pattern: `{name}`, `{version}` and `{platform}` are filled in. */
export function packageFileName(
  pattern: string,
  names: { readonly name: string; readonly version: string; readonly platform: PlatformKey },
): string {
  return plain(
    pattern
      .replaceAll("{name}", names.name)
      .replaceAll("{version}", names.version)
      .replaceAll("{platform}", names.platform),
  );
}

/** Git forbids some characters in tags, and GitHub renames files that have them. */
function plain(text: string): string {
  return text.replace(/[^\w.-]/g, "-");
}

/** Where everybody will fetch a file once its release is published. A draft's own address is another. */
export function publicUrl(releasePage: string, tag: string, fileName: string): string {
  const [repositoryPage] = releasePage.split("/releases/");
  return `${repositoryPage}/releases/download/${encodeURIComponent(tag)}/${encodeURIComponent(fileName)}`;
}
