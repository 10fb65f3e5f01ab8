import { type Check, checked, type Finding, skipped } from "../../check.js";
import { refusalOf, targetFix } from "../refusal.js";
import { duration, shown } from "../shown.js";
import { firstEvent, readVersionData } from "../version-event.js";
import type { Visit } from "../visit.js";
import { isStream } from "../with-stream.js";

/** /version answers what the stream says, and says shortly when nothing has changed. */
export const versionAnswer: Check<Visit> = {
  name: "version",
  promise: "/version says the same, and 304 when nothing has changed",
  look: async ({ addresses, version, stream, page, ask }) => {
    const where = addresses.version;
    const findings: Finding[] = [];
    const fail = (problem: string, fix: string) => {
      findings.push({ level: "fail", where, problem, fix });
      return checked(findings);
    };
    if (version.kind === "unreachable") {
      return fail(`it was not reached: ${version.why}`, "let the proxy pass /version on");
    }
    const { status, headers, body } = version;
    if (status === 503) {
      return fail(
        `it answers status 503 (${shown(body)})`,
        "see the gateway's log: it has not heard its ledger yet, or is being stopped",
      );
    }
    const data = readVersionData(body);
    if (data === null && page?.gateway === null && !isStream(stream)) {
      return skipped("there is no gateway: the check page says what is missing");
    }
    const refusal = refusalOf(body);
    const isOfTarget = targetFix(refusal, page);
    if (refusal !== null && isOfTarget !== null) {
      if (!isStream(stream)) return skipped("it is refused as the stream is, for the same reason");
      return fail(`it answers status ${status} (${refusal.said})`, isOfTarget);
    }
    if (status !== 200 || data === null) {
      return fail(
        `it answers status ${status} and no version`,
        "let the proxy pass /version on to the gateway, beside /events/version",
      );
    }
    const control = headers.get("cache-control");
    if (!/\bno-(cache|store)\b/i.test(control ?? "")) {
      fail(
        `${control === null ? "there is no cache-control" : `"cache-control: ${shown(control)}"`}: an old version may come from a cache`,
        "Cache-Control: no-cache",
      );
    }
    const said = readVersionData(firstEvent(stream)?.event?.data ?? "");
    if (said !== null && said.version !== data.version) {
      const problem = `it says ${shown(String(data.version))} where the stream says ${shown(String(said.version))}`;
      const fix =
        "unless it changed this moment: pass both on to the same gateways, and store neither";
      findings.push({ level: "warn", where, problem, fix });
    }
    const etag = headers.get("etag");
    if (etag === null) {
      return fail(
        "there is no ETag, so every poll is answered in full",
        "pass the gateway's ETag on",
      );
    }
    const again = await ask(where, { "if-none-match": etag });
    // A change in between is answered in full, with another tag.
    if (again.kind === "answered" && again.status === 200 && again.headers.get("etag") === etag) {
      fail(
        "it answers in full though nothing has changed",
        "pass If-None-Match on, and the 304 back",
      );
    } else if (again.kind === "unreachable" || (again.status !== 304 && again.status !== 200)) {
      const got = again.kind === "unreachable" ? again.why : `status ${again.status}`;
      fail(
        `with If-None-Match it answers ${shown(got)}`,
        "pass If-None-Match on, and the 304 back",
      );
    }
    return checked(
      findings,
      `/version says the same after ${duration(version.tookMs)}, and 304 when nothing has changed`,
    );
  },
};
