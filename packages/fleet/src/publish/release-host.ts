/** The releases of one repository, by GitHub's REST API: https://docs.github.com/rest/releases */
import { SyncError } from "../sync-error.js";
import { type HostWorld, hostRequest } from "./host-request.js";
import {
  type HostAsset,
  type HostRelease,
  parseAsset,
  parseRelease,
  parseReleases,
} from "./host-shapes.js";

const PER_PAGE = 100;
// GitHub lists 10,000 releases at most.
const MAX_PAGES = 100;

/** Where the releases are. */
export interface ReleaseHostOptions {
  /** Base of the API, such as "https://api.github.com". */
  readonly api: string;
  /** "owner/name" */
  readonly repository: string;
  /** Null: only what everybody may read. */
  readonly token: string | null;
}

/** Reads and writes a repository's releases. Every method throws what {@link hostRequest} throws. */
export class ReleaseHost {
  /** The repository's page for people. */
  readonly page: string;
  readonly #releases: string;
  readonly #token: string | null;
  readonly #world: HostWorld;

  constructor({ api, repository, token }: ReleaseHostOptions, world: HostWorld) {
    this.page = `${pagesOf(api)}/${repository}`;
    this.#releases = `${api.replace(/\/+$/, "")}/repos/${repository}/releases`;
    this.#token = token;
    this.#world = world;
  }

  /**
   * Gives every release, drafts too where the token may see them.
   *
   * @throws {SyncError} `LISTING_INCOMPLETE` rather than some of them: half a list would look like an
   *   older newest release.
   */
  async list(): Promise<HostRelease[]> {
    const found = new Map<number, HostRelease>();
    for (let page = 1; page <= MAX_PAGES; page++) {
      const url = `${this.#releases}?per_page=${PER_PAGE}&page=${page}`;
      const { bytes, headers } = await this.#ask("GET", url);
      const releases = parseReleases(bytes, url);
      for (const release of releases) found.set(release.id, release);
      const link = headers.get("link");
      const isMore = link === null ? releases.length === PER_PAGE : /\brel="next"/.test(link);
      if (!isMore) return [...found.values()];
      if (releases.length === 0) break;
    }
    throw new SyncError(
      "LISTING_INCOMPLETE",
      `Cannot list releases of ${this.#releases}: expected an end, got ${found.size} and more to come`,
    );
  }

  /** Gives one release; null if there is none of that id any more. */
  async read(id: number): Promise<HostRelease | null> {
    const url = `${this.#releases}/${id}`;
    const { status, bytes } = await this.#ask("GET", url, { also: [404] });
    return status === 404 ? null : parseRelease(bytes, url);
  }

  /** Makes a draft: nobody but those who may write the repository sees it. */
  async createDraft(draft: { tag: string; name: string; notes: string }): Promise<HostRelease> {
    const { tag, name, notes } = draft;
    const json = { tag_name: tag, name, body: notes, draft: true };
    const { bytes } = await this.#ask("POST", this.#releases, { json });
    return parseRelease(bytes, this.#releases);
  }

  /** Writes a draft's notes anew. */
  async describe(id: number, draft: { name: string; notes: string }): Promise<HostRelease> {
    const url = `${this.#releases}/${id}`;
    const json = { name: draft.name, body: draft.notes };
    return parseRelease((await this.#ask("PATCH", url, { json })).bytes, url);
  }

  /** Shows a draft to everybody. From then on it may be locked for ever. */
  async publish(id: number): Promise<HostRelease> {
    const url = `${this.#releases}/${id}`;
    // One repository has many subsystems; none of their releases is "the latest" of all.
    const json = { draft: false, make_latest: "false" };
    return parseRelease((await this.#ask("PATCH", url, { json })).bytes, url);
  }

  async deleteRelease(id: number): Promise<void> {
    await this.#ask("DELETE", `${this.#releases}/${id}`, { also: [404] });
  }

  async upload(release: HostRelease, name: string, data: Uint8Array): Promise<HostAsset> {
    // RFC 6570 template: `…/assets{?name,label}`
    const target = new URL(release.uploadUrl.replace(/\{.*\}$/, ""));
    target.searchParams.set("name", name);
    if (target.protocol !== "https:" && !isLoopback(target)) {
      throw new SyncError(
        "HOST_REFUSED",
        `Cannot upload ${name}: expected https, got "${target.href}"`,
      );
    }
    const { bytes } = await this.#ask("POST", target.href, { bytes: data });
    return parseAsset(bytes, target.href);
  }

  async deleteAsset(id: number): Promise<void> {
    await this.#ask("DELETE", `${this.#releases}/assets/${id}`, { also: [404] });
  }

  /**
   * Gives the bytes that the host serves for a file; null if it serves none.
   *
   * @param maxBytes How many there may be; with one more it is not what was uploaded.
   */
  async download(id: number, maxBytes: number): Promise<Buffer | null> {
    const url = `${this.#releases}/assets/${id}`;
    const accept = "application/octet-stream";
    const answer = await this.#ask("GET", url, { accept, maxBytes, also: [404] });
    return answer.status === 404 ? null : answer.bytes;
  }

  async #ask(
    method: Parameters<typeof hostRequest>[0]["method"],
    url: string,
    more: Partial<Parameters<typeof hostRequest>[0]> = {},
  ) {
    return await hostRequest({ method, url, token: this.#token, ...more }, this.#world);
  }
}

/** The API of GitHub has a host of its own; an Enterprise Server has it below `/api/v3`. */
function pagesOf(api: string): string {
  const base = api.replace(/\/+$/, "").replace(/\/api\/v3$/, "");
  return base === "https://api.github.com" ? "https://github.com" : base;
}

function isLoopback({ hostname }: URL): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
