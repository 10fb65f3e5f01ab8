/** What the published pages themselves say. Only reads. */
import { readStampTag } from "@tideline/stamp";
import { parseStamp } from "@tideline/version";
import { networkReason } from "../../network-reason.js";
import type { PublicAddress } from "../../record/public-address.js";
import { withinTime } from "../../within-time.js";
import { type Check, checked, type Finding, skipped } from "../check.js";
import type { Reach } from "../examination.js";

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
      for (const url of [page.url, new URL("version.json", page.url).href]) {
        const answer = await get({ ...page, url }, reach);
        if (typeof answer === "string") {
          // Not every host publishes its version.json.
          if (url !== page.url) continue;
          findings.push(unreached(url, answer));
          break;
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
          findings.push(unreached(page.url, answer));
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
          where: page.url,
          problem: `${REQUESTS} requests met ${builds.size} builds (${[...builds].join(", ")}): a reload may go back and forth between them`,
          fix: "wait until all replicas run the new build before it is recorded: tideline record --probe",
        });
      } else if ([...tags.values()].some((each) => each.size > 1)) {
        findings.push({
          level: "warn",
          where: page.url,
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
async function buildOf(page: PublicAddress, html: string, reach: Reach): Promise<string | null> {
  const tag = readStampTag(html);
  if (tag?.stamp) return tag.stamp.buildId;
  const file = await get({ ...page, url: new URL("version.json", page.url).href }, reach);
  return typeof file === "string" ? null : (parseStamp(file.body)?.buildId ?? null);
}

/** Gives what an address answers, or in a few words why it does not. */
async function get(
  { url, authorization }: PublicAddress,
  { fetch, signal, timeoutMs }: Reach,
): Promise<{ readonly headers: Headers; readonly body: string } | string> {
  const read = async (stop: AbortSignal) => {
    const response = await fetch(url, {
      cache: "no-store",
      headers: authorization === null ? {} : { authorization },
      signal: stop,
    });
    const body = await response.text();
    return response.ok ? { headers: response.headers, body } : `status ${response.status}`;
  };
  try {
    return await withinTime(timeoutMs, read, { signal });
  } catch (error) {
    return networkReason(error);
  }
}
