import { compareVersions } from "@tideline/version/bump";
import type { Repository } from "../registry/image-name.js";
import type { RegistryTool } from "../registry/registry-tool.js";
import { isVersion, type LatestFacts } from "./decide-latest.js";
import { digestOf } from "./digest-of.js";
import { versionTags } from "./version-tags.js";

/** What `latest` points at, and what else is there. */
export type Latest = Pick<LatestFacts, "current" | "highest">;

const VERSION_LABEL = "org.opencontainers.image.version";
// Only for images without a label, which are not ours: each look costs a request.
const MAX_LOOKS = 20;

/**
 * Finds out what `latest` points at: by the image's label, else by a version's tag on the same image.
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
  const releases = versionTags(listed ?? [], suffix);
  const highest = releases[0]?.version ?? null;
  if (manifest === null) return { current: null, highest };
  const digest = digestOf(manifest);
  const isDecided = highest !== null && isVersion(version) && compareVersions(highest, version) > 0;
  // Without the list nobody knows which versions a reused image stands for.
  if (isDecided || listed === null) return { current: { digest, version: null }, highest };

  const label = await readVersionLabel(tool, repository, digest, manifest);
  if (label !== null) return { current: { digest, version: label }, highest };
  for (const release of releases.slice(0, MAX_LOOKS)) {
    const tagged = await tool.readManifest(repository, `:${release.tag}`);
    if (tagged === null || digestOf(tagged) !== digest) continue;
    return { current: { digest, version: release.version }, highest };
  }
  return { current: { digest, version: null }, highest };
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
