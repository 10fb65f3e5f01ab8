/** How images and places in a registry are written: `ghcr.io/acme/api`, `…:4.20.5-api`, `…@sha256:…`. */
import { CommandError } from "../../command-error.js";

/** A repository of a registry: all tags of one image's name. */
export interface Repository {
  /** With its port, for example `"ghcr.io"` or `"127.0.0.1:5000"`. */
  readonly host: string;
  /** The whole of it, for example `"ghcr.io/acme/api"`. */
  readonly name: string;
}

// https://github.com/opencontainers/image-spec/blob/v1.1.0/descriptor.md#digests; the one that registries use.
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Gives the repository of a configured image; Docker Hub is named by its own address. */
export function parseRepository(name: string): Repository {
  const [first = "", ...rest] = name.split("/");
  // Docker's rule: without a dot, a port or "localhost" the first word is no host.
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  return hasHost ? { host: first, name } : { host: "docker.io", name: `docker.io/${name}` };
}

/**
 * Gives a digest as it is, lower-case hex.
 *
 * @throws {CommandError} `usage`, if it is none.
 */
export function parseDigest(text: string, source: string): string {
  if (DIGEST.test(text)) return text;
  throw new CommandError(
    "usage",
    `Cannot use ${source}: expected "sha256:" and 64 hex digits, got "${text.slice(0, 80)}"`,
  );
}

/** True of a registry on this machine, which may speak plain HTTP. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return name === "localhost" || name === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(name);
}
