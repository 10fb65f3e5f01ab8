import { type Check, checked, type Finding, skipped } from "../../check.js";
import { shown } from "../shown.js";
import type { Visit } from "../visit.js";

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
    if (opening.kind === "answered") {
      const { "access-control-allow-origin": allowed, vary } = opening.head.headers;
      judge(stream.address, allowed, vary);
    }
    if (version.kind === "answered") {
      const { headers } = version;
      judge(
        addresses.version,
        headers.get("access-control-allow-origin") ?? undefined,
        headers.get("vary") ?? undefined,
      );
    }
    return checked(findings, `pages of ${origin} may read the stream and /version`);
  },
};
