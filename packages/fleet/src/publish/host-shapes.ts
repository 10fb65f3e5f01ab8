/** A release and its files as the release host tells them: the fields of GitHub's REST API that we use. */
import * as v from "valibot";
import { SyncError } from "../sync-error.js";

/** One file of a release. */
export interface HostAsset {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  /** False while, or after, an upload that did not end. */
  readonly isUploaded: boolean;
  /** `sha256:` and 64 hex digits; null on files from before June 2025. */
  readonly digest: string | null;
  /** Where everybody fetches it; of a draft it is not yet what it will be. */
  readonly downloadUrl: string;
}

/** One release. */
export interface HostRelease {
  readonly id: number;
  readonly tag: string;
  readonly notes: string;
  readonly isDraft: boolean;
  /** Its page for people. */
  readonly page: string;
  readonly uploadUrl: string;
  readonly assets: readonly HostAsset[];
}

const AssetShape = v.object({
  id: v.number(),
  name: v.string(),
  size: v.number(),
  state: v.string(),
  digest: v.optional(v.nullable(v.string())),
  browser_download_url: v.string(),
});

const ReleaseShape = v.object({
  id: v.number(),
  tag_name: v.string(),
  body: v.optional(v.nullable(v.string())),
  draft: v.boolean(),
  html_url: v.string(),
  upload_url: v.string(),
  assets: v.array(AssetShape),
});

/** @throws {SyncError} `HOST_UNREACHABLE` if it is none: what answers there is no release host. */
export function parseRelease(bytes: Buffer, url: string): HostRelease {
  return toRelease(parse(ReleaseShape, bytes, url));
}

/** @throws {SyncError} `HOST_UNREACHABLE` if it is no list of releases. */
export function parseReleases(bytes: Buffer, url: string): HostRelease[] {
  return parse(v.array(ReleaseShape), bytes, url).map(toRelease);
}

/** @throws {SyncError} `HOST_UNREACHABLE` if it is none. */
export function parseAsset(bytes: Buffer, url: string): HostAsset {
  return toAsset(parse(AssetShape, bytes, url));
}

function parse<Shape extends v.GenericSchema>(
  shape: Shape,
  bytes: Buffer,
  url: string,
): v.InferOutput<Shape> {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString());
  } catch (cause) {
    throw new SyncError(
      "HOST_UNREACHABLE",
      `Cannot read ${url}: expected JSON, got something else`,
      {
        cause,
      },
    );
  }
  const parsed = v.safeParse(shape, json);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new SyncError(
    "HOST_UNREACHABLE",
    `Cannot read ${url}: expected GitHub's shape, got another (${issue.message} at ${v.getDotPath(issue) ?? "its top"})`,
  );
}

function toRelease(shape: v.InferOutput<typeof ReleaseShape>): HostRelease {
  return {
    ...{ id: shape.id, tag: shape.tag_name, notes: shape.body ?? "", isDraft: shape.draft },
    ...{ page: shape.html_url, uploadUrl: shape.upload_url, assets: shape.assets.map(toAsset) },
  };
}

function toAsset(shape: v.InferOutput<typeof AssetShape>): HostAsset {
  return {
    ...{ id: shape.id, name: shape.name, size: shape.size, digest: shape.digest ?? null },
    ...{ isUploaded: shape.state === "uploaded", downloadUrl: shape.browser_download_url },
  };
}
