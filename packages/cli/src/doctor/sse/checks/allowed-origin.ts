import { type Check, checked, type Finding, skipped } from "../../check.js";
import { shown } from "../shown.js";
import { readVersionData } from "../version-event.js";
import type { Visit } from "../visit.js";
import { isStream } from "../with-stream.js";

/** Pages of another origin may read the stream and /version. */
export const allowedOrigin: Check<Visit> = {
  name: "cors",
  promise: "pages of the origin may read both",
  look: async ({ origin, addresses, stream, version }) => {
    if (origin === null) return skipped("--origin would ask as a page of another origin");
    if (new URL(addresses.stream).origin === origin) {
      return checked([], `${origin} is the gateway's own origin`);
    }
    const findings: Finding[] = [];
    const judge = (where: string, allowed: string | undefined, vary: string | undefined) => {
      if (allowed !== origin && allowed !== "*") {
        findings.push({
          level: "fail",
          where,
          problem: `pages of ${origin} are not let in (${allowed === undefined ? "no access-control-allow-origin" : `access-control-allow-origin: ${shown(allowed)}`})`,
          fix: `name ${origin} among the gateway's allowed origins, and let the proxy leave that header alone`,
        });
      } else if (allowed !== "*" && !/\borigin\b/i.test(vary ?? "")) {
        findings.push({
          level: "warn",
          where,
          problem: "without Vary: Origin a cache may give one origin the answer for another",
          fix: "Vary: Origin",
        });
      }
    };
    const { opening } = stream;
    // A refusal is mended first: it is not what pages are to read.
    if (opening.kind === "answered" && isStream(stream)) {
      const { "access-control-allow-origin": allowed, vary } = opening.head.headers;
      judge(stream.address, allowed, vary);
    }
    const isVersion = version.kind === "answered" && readVersionData(version.body) !== null;
    if (version.kind === "answered" && isVersion) {
      const { headers } = version;
      judge(
        addresses.version,
        headers.get("access-control-allow-origin") ?? undefined,
        headers.get("vary") ?? undefined,
      );
    }
    if (!isVersion && !isStream(stream)) return skipped("there is no answer that pages could read");
    return checked(findings, `pages of ${origin} may read the stream and /version`);
  },
};
