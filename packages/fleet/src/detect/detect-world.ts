/** What detection needs of the outer world. */
export interface DetectWorld {
  readonly fetch: typeof fetch;
  /** ms since epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** For warnings; one line each. */
  readonly log: (line: string) => void;
  /** The token for an address, or null. @default none */
  readonly tokenFor?: (url: URL) => string | null;
  /** For each request, its body included. @default 30_000 */
  readonly timeoutMs?: number;
}

/**
 * Gives the token that may be shown to an address: GitHub's, from `GITHUB_TOKEN` or `GH_TOKEN`, to
 * GitHub alone.
 */
export function githubToken(
  env: Readonly<Record<string, string | undefined>>,
): (url: URL) => string | null {
  return ({ protocol, hostname }) => {
    const isGitHub = hostname === "github.com" || hostname === "api.github.com";
    return protocol === "https:" && isGitHub ? (env.GITHUB_TOKEN ?? env.GH_TOKEN ?? null) : null;
  };
}
