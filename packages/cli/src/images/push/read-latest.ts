import { compareVersions } from "@tideline/version/bump";
import type { Repository } from "../registry/image-name.js";
import type { RegistryTool } from "../registry/registry-tool.js";
import { isVersion } from "./decide-latest.js";
import { digestOf } from "./digest-of.js";
import { type VersionTag, versionTags } from "./version-tags.js";

/** What `latest` points at. */
export interface Latest {
  readonly current: { readonly digest: string; readonly version: string | null } | null;
  /** The release tags there were when it was read; null if the tool cannot list them. */
  readonly seen: ReadonlySet<string> | null;
}

const VERSION_LABEL = "org.opencontainers.image.version";
// Only for images without a label, which are not ours: each look costs a request.
const MAX_LOOKS = 20;

/**
 * Finds out what `latest` points at, and the highest version that this image is known by: its label
 * names the version it was built for, and an image that was reused has higher tags than that.
 *
 * @param version The version that may replace it.
 */
export async function readLatest(
  tool: RegistryTool,
  repository: Repository,
  { moving, suffix, version }: { moving: string; suffix: string; version: string },
): Promise<Latest> {
  const [manifest, listed] = await Promise.all([
    tool.readManifest(repository, `:${moving}`),
    tool.listTags(repository),
  ]);
  const releases = listed === null ? null : versionTags(listed, suffix);
  const seen = releases && new Set(releases.map(({ tag }) => tag));
  if (manifest === null) return { current: null, seen };
  const digest = digestOf(manifest);
  // Without the list nobody knows which versions a reused image stands for.
  if (releases === null || !isVersion(version)) return { current: { digest, version: null }, seen };

  const isSame = async ({ tag }: VersionTag) => {
    const tagged = await tool.readManifest(repository, `:${tag}`);
    return tagged !== null && digestOf(tagged) === digest;
  };
  for (const release of releases) {
    if (compareVersions(release.version, version) <= 0) break;
    if (await isSame(release)) return { current: { digest, version: release.version }, seen };
  }
  const label = await readVersionLabel(tool, repository, digest, manifest);
  if (label !== null) return { current: { digest, version: label }, seen };
  const lower = releases.filter((release) => compareVersions(release.version, version) <= 0);
  for (const release of lower.slice(0, MAX_LOOKS)) {
    if (await isSame(release)) return { current: { digest, version: release.version }, seen };
  }
  return { current: { digest, version: null }, seen };
}

async function readVersionLabel(
  tool: RegistryTool,
  repository: Repository,
  digest: string,
  manifest: Uint8Array,
): Promise<string | null> {
  const json = JSON.parse(new TextDecoder().decode(manifest)) as Manifest;
  // An index has no labels of its own; any of its images has them. Attestations say "unknown".
  const child = json.manifests?.find(({ platform }) => platform?.os !== "unknown")?.digest;
  const labels = await tool.readLabels(repository, child ?? digest);
  const label = labels[VERSION_LABEL] ?? json.annotations?.[VERSION_LABEL];
  return label !== undefined && isVersion(label) ? label : null;
}

/** What of a manifest or an index is used here. */
interface Manifest {
  readonly manifests?: readonly {
    readonly digest: string;
    readonly platform?: { readonly os?: string };
  }[];
  readonly annotations?: Readonly<Record<string, string>>;
}
