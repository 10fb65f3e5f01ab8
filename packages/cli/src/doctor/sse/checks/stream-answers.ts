import { type Check, checked, type Finding, skipped } from "../../check.js";
import { shown } from "../shown.js";
import type { Visit } from "../visit.js";
import { isPage } from "../with-stream.js";

/** There is a stream at the address. */
export const streamAnswers: Check<Visit> = {
  name: "stream",
  promise: "the stream answers",
  look: async ({ stream }) => {
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
    const { status } = opening.head;
    if (status !== 200) {
      // The body of a refusal is short, and ends.
      await stream.until(() => false, 1000);
      return fail(`it answers status ${status}${saidBy(stream.text)}`, fixFor(status, stream.text));
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

/** The `{code, message}` of a gateway's refusal. */
function saidBy(text: string): string {
  try {
    const { code, message } = JSON.parse(text) as Record<string, unknown>;
    return typeof message === "string" ? ` (${shown(`${code}: ${message}`)})` : "";
  } catch {
    // A proxy's own page says no more than its status.
    return "";
  }
}

function fixFor(status: number, text: string): string {
  if (/"UNKNOWN_TARGET"/.test(text)) {
    return "name a target that the gateway serves: ?appName=web&environment=production";
  }
  if (status === 404) return "pass /events/version on to the gateway";
  if (status === 401 || status === 403) {
    return "let /events/version past the login: an EventSource cannot answer one";
  }
  if (status === 429 || /"TOO_MANY_CONNECTIONS"/.test(text)) {
    return "allow more connections, or run another gateway";
  }
  if (status === 503 && /"DRAINING"/.test(text)) {
    return "it is being stopped: let the proxy try the next gateway (proxy_next_upstream http_503)";
  }
  if (status === 503) return "allow more connections in the proxy, or run another gateway";
  if (status === 502 || status === 504) {
    return "see that the gateway runs where the proxy looks for it";
  }
  return "see the gateway's log";
}
