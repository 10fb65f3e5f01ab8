import { masked } from "../../../record/public-address.js";
import { type Check, checked, type Finding, skipped } from "../../check.js";
import { refusalOf, targetFix } from "../refusal.js";
import { shown } from "../shown.js";
import type { Visit } from "../visit.js";
import { isPage, isStream } from "../with-stream.js";

/** There is a stream at the address. */
export const streamAnswers: Check<Visit> = {
  name: "stream",
  promise: "the stream answers",
  look: async ({ stream, page }) => {
    const { opening, redirects, address: where } = stream;
    const fail = (problem: string, fix: string) =>
      checked([{ level: "fail", where, problem, fix }]);
    if (opening.kind === "silent") return skipped("connected, and nothing came back yet");
    if (opening.kind === "unreachable") {
      return fail(
        `it was not reached: ${opening.why}`,
        "name a gateway that runs, or a page that carries its script tag",
      );
    }
    if (page?.gateway === null && !isStream(stream)) {
      return skipped("the page names no gateway, and there is none at its address");
    }
    const { status, headers } = opening.head;
    if (status !== 200) {
      // The body of a refusal is short, and ends.
      await stream.until(() => false, 1000);
      const { location } = headers;
      if (status > 299 && status < 400 && location !== undefined) {
        const problem =
          redirects.length > 1
            ? `it redirects on and on, ${redirects.length} times by now`
            : `it redirects to "${shown(masked(location))}", where no browser follows`;
        return fail(problem, "let the address of the stream answer by itself, without a redirect");
      }
      const refusal = refusalOf(stream.text);
      const said = refusal === null ? "" : ` (${refusal.said})`;
      const fix = targetFix(refusal, page) ?? fixFor(status, refusal?.code);
      return fail(`it answers status ${status}${said}`, fix);
    }
    if (isPage(opening.head)) {
      return fail(
        "a page is answered in place of the stream",
        "pass /events/version on to the gateway, before the rule that answers every path with the page",
      );
    }
    const findings: Finding[] = redirects.map((redirect) => ({
      level: "warn",
      where,
      problem: `it is reached by a redirect to ${shown(redirect)}, which every reconnect pays for`,
      fix: "name the last address in data-gateway",
    }));
    return checked(findings, `${where} answers`);
  },
};

function fixFor(status: number, code: string | undefined): string {
  if (status === 404) return "pass /events/version on to the gateway";
  if (status === 401 || status === 403) {
    return "let /events/version past the login: an EventSource cannot answer one";
  }
  if (status === 429 || code === "TOO_MANY_CONNECTIONS") {
    return "allow more connections, or run another gateway";
  }
  if (status === 503 && code === "DRAINING") {
    return "it is being stopped: let the proxy try the next gateway (proxy_next_upstream http_503)";
  }
  if (status === 503) return "allow more connections in the proxy, or run another gateway";
  if (status === 502 || status === 504) {
    return "see that the gateway runs where the proxy looks for it";
  }
  return "see the gateway's log";
}
