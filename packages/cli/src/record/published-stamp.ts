/** The stamp of the build that a public address serves. */
import { parseVersionFile, readStampTag, VERSION_FILE_NAME } from "@tideline/stamp";
import type { BuildStamp } from "@tideline/version";
import {
  type Fetch,
  type FetchPublishedOptions,
  fetchPublished,
  type PublishedAnswer,
} from "./fetch-published.js";

/** What one look at an address gave: a build, or why there is none to see. */
export type Sight =
  | { readonly stamp: BuildStamp; readonly problem: null }
  | { readonly stamp: null; readonly problem: string };

/** How to look. */
export interface LookOptions {
  readonly signal?: AbortSignal | undefined;
  /** The header that the address's own host asks for, and nobody else gets. */
  readonly authorization?: string | null | undefined;
  readonly fetch?: Fetch;
}

// Below an address that is a page without a stamp.
const BESIDE = [VERSION_FILE_NAME, "version"] as const;

/**
 * Reads the stamp of what a public address serves: of a page the one in its meta tag, of JSON (a
 * `version.json`, a service's `/version`) the JSON itself. A page without a stamp is asked for its
 * `version.json`, then for its `/version`.
 *
 * Never throws; an address that does not answer is something that was seen.
 */
export async function readPublishedStamp(
  address: string,
  { authorization, ...how }: LookOptions = {},
): Promise<Sight> {
  const credentials = authorization ? { origin: new URL(address).origin, authorization } : null;
  const options = { ...how, credentials };
  const first = await look(address, options);
  if (first.stamp !== null || !first.mayLieBeside) return sightOf(first);
  for (const name of BESIDE) {
    const beside = await look(besideOf(first.url, name), options);
    if (beside.stamp !== null) return sightOf(beside);
  }
  return sightOf(first);
}

interface Look {
  readonly stamp: BuildStamp | null;
  readonly problem: string;
  readonly url: string;
  /** True if the address is a page, or none, so that the stamp may lie beside it. */
  readonly mayLieBeside: boolean;
}

function sightOf({ stamp, problem }: Look): Sight {
  return stamp === null ? { stamp, problem } : { stamp, problem: null };
}

async function look(address: string, options: FetchPublishedOptions): Promise<Look> {
  let answer: PublishedAnswer;
  try {
    answer = await fetchPublished(address, options);
  } catch (error) {
    const problem = `${address} does not answer: ${(error as Error).message}`;
    return { stamp: null, problem, url: address, mayLieBeside: false };
  }
  const { url, status } = answer;
  const isFile = /\.json$|\/version$/.test(new URL(url).pathname);
  const none = (problem: string): Look => ({
    stamp: null,
    problem: `${url} ${problem}`,
    url,
    mayLieBeside: !isFile && (status === 200 || status === 404),
  });
  if (status !== 200) return none(`answers with status ${status}`);
  const json = parseJson(answer.body);
  if (json !== undefined) {
    const stamp = parseVersionFile(json);
    if (stamp === null) return none("answers with JSON that names no build");
    return { ...none(""), stamp };
  }
  // Of a path that is not there, the page that a host gives instead says nothing.
  if (isFile) return none("answers with a page instead of JSON, so there is no such file");
  const tag = readStampTag(answer.body);
  if (tag === null) return none("is a page without a stamp");
  if (tag.stamp === null) return none("is a page whose stamp names no build");
  return { ...none(""), stamp: tag.stamp };
}

function besideOf(url: string, name: string): string {
  const beside = new URL(url);
  beside.hash = "";
  // The last part is a file's if it looks like one, and a folder's if not.
  const folder = beside.pathname.replace(/\/[^/]*\.[^/]*$/, "").replace(/\/$/, "");
  beside.pathname = `${folder}/${name}`;
  return beside.href;
}

function parseJson(body: string): unknown {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === "object" && json !== null ? json : undefined;
  } catch {
    // Not JSON is one of the two expected cases.
    return undefined;
  }
}
