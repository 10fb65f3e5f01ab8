/** What the published pages themselves say. Only reads. */
import { readStampTag } from "@tideline/stamp";
import { parseStamp } from "@tideline/version";
import { type Check, checked, type Finding, skipped } from "../check.js";
import type { Reach } from "../examination.js";

const TIMEOUT_MS = 10_000;
// Enough that two replicas in turn are both asked.
const REQUESTS = 6;

/** The page and its version.json are asked for anew each time, or no tab can learn of a build. */
export const freshPages: Check = {
  name: "no-store",
  promise: "the page and its version.json are never served from a cache unasked",
  look: async ({ reach }) => {
    if (reach.pages.length === 0) return skipped(reach.why);
    const findings: Finding[] = [];
    for (const page of reach.pages) {
      for (const url of [page, new URL("version.json", page).href]) {
        const answer = await get(url, reach);
        if (typeof answer === "string") {
          // Not every host publishes its version.json.
          if (url === page) findings.push(unreached(url, answer));
          continue;
        }
        const control = answer.headers.get("cache-control");
        if (/no-store|no-cache|max-age=0/i.test(control ?? "")) continue;
        findings.push({
          level: "fail",
          where: url,
          problem: `it is served with ${control === null ? "no cache-control" : `"cache-control: ${control}"`}: after a deployment a reload may bring the old build`,
          fix: 'serve it with "cache-control: no-cache" ("no-store" for version.json)',
        });
      }
    }
    return checked(findings);
  },
};

/** All that answer for an address serve one build. */
export const agreeingReplicas: Check = {
  name: "replicas",
  promise: `${REQUESTS} requests in a row meet one build`,
  look: async ({ reach }) => {
    if (reach.pages.length === 0) return skipped(reach.why);
    const findings: Finding[] = [];
    for (const page of reach.pages) {
      const builds = new Set<string>();
      const tags = new Map<string, Set<string>>();
      for (let request = 0; request < REQUESTS; request += 1) {
        const answer = await get(page, reach);
        if (typeof answer === "string") {
          findings.push(unreached(page, answer));
          break;
        }
        const build = await buildOf(page, answer.body, reach);
        if (build === null) continue;
        builds.add(build);
        const seen = tags.get(answer.body) ?? new Set();
        tags.set(answer.body, seen.add(answer.headers.get("etag") ?? ""));
      }
      if (builds.size > 1) {
        findings.push({
          level: "fail",
          where: page,
          problem: `${REQUESTS} requests met ${builds.size} builds (${[...builds].join(", ")}): a reload may go back and forth between them`,
          fix: "wait until all replicas run the new build before it is recorded: tideline record --probe",
        });
      } else if ([...tags.values()].some((each) => each.size > 1)) {
        findings.push({
          level: "warn",
          where: page,
          problem:
            "the same page comes with different ETags, so its replicas look like different builds",
          fix: "make the ETag of the content, not of the file's time or inode",
        });
      }
    }
    return checked(findings);
  },
};

function unreached(where: string, why: string): Finding {
  return {
    level: "fail",
    where,
    problem: `it was not reached: ${why}`,
    fix: "name a page that is served",
  };
}

/** The page's own stamp; where it has none, what lies beside it. */
async function buildOf(page: string, html: string, reach: Reach): Promise<string | null> {
  const tag = readStampTag(html);
  if (tag?.stamp) return tag.stamp.buildId;
  const file = await get(new URL("version.json", page).href, reach);
  return typeof file === "string" ? null : (parseStamp(file.body)?.buildId ?? null);
}

async function get(
  url: string,
  { fetch, signal }: Reach,
): Promise<{ readonly headers: Headers; readonly body: string } | string> {
  try {
    const response = await fetch(url, {
      cache: "no-store",
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const body = await response.text();
    return response.ok ? { headers: response.headers, body } : `status ${response.status}`;
  } catch (error) {
    const { cause, message } = error as Error;
    return cause instanceof Error ? cause.message : message;
  }
}
