/** GitHub's JSON of releases and files, as docs.github.com/rest/releases shows it. */
import type { HostedAsset, HostedRelease, HostedRepository } from "./hosted-releases.js";

/** The host's addresses. */
export interface HostAddresses {
  readonly api: string;
  readonly uploads: string;
}

/** A release as JSON. */
export function releaseShape(
  host: HostAddresses,
  repository: HostedRepository,
  release: HostedRelease,
): Record<string, unknown> {
  const url = `${host.api}/repos/${repository.name}/releases/${release.id}`;
  const page = release.isDraft ? `untagged-${release.id}` : release.tag;
  return {
    url,
    assets_url: `${url}/assets`,
    upload_url: `${host.uploads}/repos/${repository.name}/releases/${release.id}/assets{?name,label}`,
    html_url: `${host.api}/${repository.name}/releases/tag/${page}`,
    id: release.id,
    author: { login: "publisher", id: 1, type: "User" },
    node_id: `RE_${release.id}`,
    tag_name: release.tag,
    target_commitish: release.target,
    name: release.name,
    draft: release.isDraft,
    immutable: release.isImmutable,
    prerelease: release.isPrerelease,
    created_at: time(release.createdAt),
    updated_at: time(release.publishedAt ?? release.createdAt),
    published_at: release.publishedAt === null ? null : time(release.publishedAt),
    assets: release.assets.map((asset) => assetShape(host, repository, release, asset)),
    tarball_url: `${host.api}/repos/${repository.name}/tarball/${release.tag}`,
    zipball_url: `${host.api}/repos/${repository.name}/zipball/${release.tag}`,
    body: release.body,
  };
}

/** A file as JSON. */
export function assetShape(
  host: HostAddresses,
  repository: HostedRepository,
  release: HostedRelease,
  asset: HostedAsset,
): Record<string, unknown> {
  return {
    url: `${host.api}/repos/${repository.name}/releases/assets/${asset.id}`,
    id: asset.id,
    node_id: `RA_${asset.id}`,
    name: asset.name,
    label: "",
    uploader: { login: "publisher", id: 1, type: "User" },
    content_type: asset.contentType,
    state: asset.state,
    size: asset.bytes.length,
    digest: asset.digest,
    download_count: 0,
    created_at: time(asset.createdAt),
    updated_at: time(asset.createdAt),
    browser_download_url: downloadUrl(host, repository, release, asset.name),
  };
}

/** Where anybody downloads a file: a redirect to the second origin. */
export function downloadUrl(
  host: HostAddresses,
  repository: HostedRepository,
  release: HostedRelease,
  name: string,
): string {
  const page = release.isDraft ? `untagged-${release.id}` : release.tag;
  return `${host.api}/${repository.name}/releases/download/${encodeURIComponent(page)}/${encodeURIComponent(name)}`;
}

function time(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}
