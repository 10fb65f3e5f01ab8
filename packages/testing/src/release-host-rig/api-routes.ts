/** The routes of GitHub's REST interface that a publisher, a machine and a check need. */
import { createHash } from "node:crypto";
import {
  type HostedAsset,
  type HostedRelease,
  type HostedReleases,
  type HostedRepository,
  sha1,
} from "./hosted-releases.js";
import { assetShape, type HostAddresses, releaseShape } from "./shapes.js";

/** A request to the interface. */
export interface ApiRequest {
  readonly method: string;
  readonly url: URL;
  readonly mayWrite: boolean;
  readonly body: Buffer;
  readonly contentType: string;
  readonly wantsBytes: boolean;
}

/** What the interface answers; `bytesOf`: a redirect to the second origin. */
export interface ApiAnswer {
  readonly status: number;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytesOf?: HostedAsset;
}

/** What a release is made or changed with, as a caller may have written it. */
interface ReleaseFields {
  readonly tag_name?: unknown;
  readonly name?: unknown;
  readonly body?: unknown;
  readonly target_commitish?: unknown;
  readonly draft?: unknown;
  readonly prerelease?: unknown;
}

interface Call {
  readonly host: HostAddresses;
  readonly store: HostedReleases;
  readonly repository: HostedRepository;
  readonly request: ApiRequest;
  readonly part: string;
}

type Route = readonly [method: string, path: RegExp, answer: (call: Call) => ApiAnswer];

const NOT_FOUND: ApiAnswer = { status: 404, json: { message: "Not Found", status: "404" } };

const ROUTES: readonly Route[] = [
  ["GET", /^$/, ({ repository }) => ok({ full_name: repository.name, default_branch: "main" })],
  ["GET", /^\/releases$/, listReleases],
  ["POST", /^\/releases$/, createRelease],
  ["GET", /^\/releases\/latest$/, latestRelease],
  ["GET", /^\/releases\/tags\/(.+)$/, releaseByTag],
  ["GET", /^\/releases\/assets\/(\d+)$/, getAsset],
  ["DELETE", /^\/releases\/assets\/(\d+)$/, deleteAsset],
  ["GET", /^\/releases\/(\d+)\/assets$/, (call) => withRelease(call, listAssets)],
  ["POST", /^\/releases\/(\d+)\/assets$/, (call) => withRelease(call, uploadAsset)],
  ["GET", /^\/releases\/(\d+)$/, (call) => withRelease(call, (_, release) => shown(call, release))],
  ["PATCH", /^\/releases\/(\d+)$/, (call) => withRelease(call, editRelease)],
  ["DELETE", /^\/releases\/(\d+)$/, (call) => withRelease(call, deleteRelease)],
  ["GET", /^\/tags$/, listTags],
  ["GET", /^\/git\/ref\/tags\/(.+)$/, tagRef],
  ["GET", /^\/commits\/(.+)$/, commitOf],
  ["GET", /^\/compare\/(.+)$/, compare],
];

/** Answers one request below `/repos/{owner}/{name}`. */
export function answerApi(
  host: HostAddresses,
  store: HostedReleases,
  repository: HostedRepository,
  path: string,
  request: ApiRequest,
): ApiAnswer {
  for (const [method, pattern, answer] of ROUTES) {
    const match = pattern.exec(path);
    if (match === null || method !== request.method) continue;
    if (method !== "GET" && !request.mayWrite) {
      return { status: 401, json: { message: "Requires authentication", status: "401" } };
    }
    const part = decodeURIComponent(match[1] ?? "");
    return answer({ host, store, repository, request, part });
  }
  return NOT_FOUND;
}

function listReleases(call: Call): ApiAnswer {
  const { repository, request } = call;
  // Drafts are for those who may push.
  const visible = repository.releases.filter(({ isDraft }) => !isDraft || request.mayWrite);
  return page(call, visible, (release) => releaseShape(call.host, repository, release));
}

function listTags(call: Call): ApiAnswer {
  return page(call, [...call.repository.tags], ([name, sha]) => ({ name, commit: { sha } }));
}

function page<T>({ request }: Call, items: readonly T[], shape: (item: T) => unknown): ApiAnswer {
  const size = Math.min(Number(request.url.searchParams.get("per_page") ?? 30), 100);
  const number = Number(request.url.searchParams.get("page") ?? 1);
  const json = items.slice((number - 1) * size, number * size).map(shape);
  if (number * size >= items.length) return ok(json);
  const next = new URL(request.url);
  next.searchParams.set("page", String(number + 1));
  return { status: 200, json, headers: { link: `<${next.href}>; rel="next"` } };
}

function latestRelease(call: Call): ApiAnswer {
  const published = call.repository.releases.filter((one) => !one.isDraft && !one.isPrerelease);
  const latest = published.sort((a, b) => b.createdAt - a.createdAt || b.id - a.id)[0];
  return latest === undefined ? NOT_FOUND : shown(call, latest);
}

function releaseByTag(call: Call): ApiAnswer {
  const found = call.repository.releases.find((one) => one.tag === call.part && !one.isDraft);
  return found === undefined ? NOT_FOUND : shown(call, found);
}

function createRelease(call: Call): ApiAnswer {
  const { repository, store, request } = call;
  const body = JSON.parse(request.body.toString("utf8")) as ReleaseFields;
  const tag = String(body.tag_name ?? "");
  if (tag === "") return invalid("tag_name", "missing_field");
  const isDraft = body.draft === true;
  const conflict = isDraft ? null : tagConflict(repository, tag);
  if (conflict !== null) return conflict;
  const release = store.addRelease(repository, {
    tag,
    isDraft,
    name: String(body.name ?? ""),
    body: String(body.body ?? ""),
    target: String(body.target_commitish ?? "main"),
    isPrerelease: body.prerelease === true,
  });
  return { ...shown(call, release), status: 201 };
}

function editRelease(call: Call, release: HostedRelease): ApiAnswer {
  const { repository, store, request } = call;
  const body = JSON.parse(request.body.toString("utf8")) as ReleaseFields;
  const tag = typeof body.tag_name === "string" ? body.tag_name : release.tag;
  const isPublished = body.draft === false && release.isDraft;
  const conflict = isPublished ? tagConflict(repository, tag, release) : null;
  if (conflict !== null) return conflict;
  if (release.isImmutable && tag !== release.tag) return locked("tag_name");
  release.tag = tag;
  if (typeof body.name === "string") release.name = body.name;
  if (typeof body.body === "string") release.body = body.body;
  if (typeof body.prerelease === "boolean") release.isPrerelease = body.prerelease;
  if (typeof body.target_commitish === "string") release.target = body.target_commitish;
  if (isPublished) store.publish(repository, release);
  return shown(call, release);
}

function deleteRelease({ repository }: Call, release: HostedRelease): ApiAnswer {
  if (release.isImmutable) repository.burnedTags.add(release.tag);
  repository.releases.splice(repository.releases.indexOf(release), 1);
  return { status: 204 };
}

function listAssets(call: Call, release: HostedRelease): ApiAnswer {
  return page(call, release.assets, (asset) =>
    assetShape(call.host, call.repository, release, asset),
  );
}

function uploadAsset(call: Call, release: HostedRelease): ApiAnswer {
  const { host, repository, request, store } = call;
  const name = request.url.searchParams.get("name") ?? "";
  if (name === "") return invalid("name", "missing_field");
  if (release.isImmutable) return locked("assets");
  // Also the rest of an upload that broke off stands in the way of the next.
  if (release.assets.some((one) => one.name === name)) return invalid("name", "already_exists");
  const asset = store.addAsset(release, name, request.body, request.contentType);
  return { status: 201, json: assetShape(host, repository, release, asset) };
}

function getAsset(call: Call): ApiAnswer {
  const [release, asset] = findAsset(call);
  if (release === undefined || asset === undefined) return NOT_FOUND;
  if (release.isDraft && !call.request.mayWrite) return NOT_FOUND;
  if (call.request.wantsBytes) return { status: 302, bytesOf: asset };
  return ok(assetShape(call.host, call.repository, release, asset));
}

function deleteAsset(call: Call): ApiAnswer {
  const [release, asset] = findAsset(call);
  if (release === undefined || asset === undefined) return NOT_FOUND;
  if (release.isImmutable) return locked("assets");
  release.assets.splice(release.assets.indexOf(asset), 1);
  return { status: 204 };
}

function findAsset({ repository, part }: Call): [HostedRelease?, HostedAsset?] {
  for (const release of repository.releases) {
    const asset = release.assets.find(({ id }) => id === Number(part));
    if (asset !== undefined) return [release, asset];
  }
  return [];
}

function tagRef({ repository, part }: Call): ApiAnswer {
  const sha = repository.tags.get(part);
  if (sha === undefined) return NOT_FOUND;
  return ok({ ref: `refs/tags/${part}`, object: { type: "commit", sha } });
}

function commitOf({ repository, part }: Call): ApiAnswer {
  const sha = repository.tags.get(part) ?? repository.branches.get(part);
  return sha === undefined ? NOT_FOUND : ok({ sha, node_id: `C_${sha1(sha)}` });
}

function compare({ repository, part }: Call): ApiAnswer {
  const status = repository.comparisons.get(part);
  if (status === undefined) return NOT_FOUND;
  return ok({ status, ahead_by: 1, behind_by: 1, total_commits: 1, commits: [], files: [] });
}

function withRelease(
  call: Call,
  answer: (call: Call, release: HostedRelease) => ApiAnswer,
): ApiAnswer {
  const release = call.repository.releases.find(({ id }) => id === Number(call.part));
  if (release === undefined || (release.isDraft && !call.request.mayWrite)) return NOT_FOUND;
  return answer(call, release);
}

function tagConflict(
  repository: HostedRepository,
  tag: string,
  except?: HostedRelease,
): ApiAnswer | null {
  if (repository.burnedTags.has(tag)) {
    return invalid("tag_name", "custom", "tag_name was used by an immutable release");
  }
  const isTaken = repository.releases.some(
    (one) => one !== except && !one.isDraft && one.tag === tag,
  );
  return isTaken ? invalid("tag_name", "already_exists") : null;
}

function shown(call: Call, release: HostedRelease): ApiAnswer {
  return ok(releaseShape(call.host, call.repository, release));
}

function ok(json: unknown): ApiAnswer {
  return { status: 200, json };
}

function invalid(field: string, code: string, message?: string): ApiAnswer {
  const errors = [
    { resource: "Release", field, code, ...(message === undefined ? {} : { message }) },
  ];
  return { status: 422, json: { message: "Validation Failed", errors, status: "422" } };
}

function locked(field: string): ApiAnswer {
  return {
    status: 422,
    json: { message: `Cannot change ${field} of an immutable release`, status: "422" },
  };
}

/** The ETag of an answer; it differs from token to token, as GitHub's do. */
export function etagOf(json: unknown, authorization: string): string {
  const text = `${authorization}\n${JSON.stringify(json)}`;
  return `W/"${createHash("sha256").update(text).digest("hex")}"`;
}
