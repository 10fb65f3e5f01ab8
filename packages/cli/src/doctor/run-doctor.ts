import { EXIT_CODES } from "../command.js";
import { CommandError } from "../command-error.js";
import type { GivenOptions } from "../parse-command-line.js";
import { masked } from "../record/public-address.js";
import type { Outcome, Terminal } from "../terminal.js";
import { type CheckResult, lookSafely, stateOf } from "./check.js";
import { CHECKS } from "./checks.js";
import { examine } from "./examination.js";
import { formatReport } from "./format-report.js";

/** `tideline doctor`. Changes nothing. */
export async function runDoctor(
  given: GivenOptions,
  { cwd, env, signal }: Terminal,
): Promise<Outcome> {
  const urls = given.texts("url");
  const wrong = urls.find((url) => !URL.canParse(url) || !/^https?:/.test(url));
  if (wrong !== undefined) {
    throw new CommandError(
      "usage",
      `Cannot use --url: expected an http or https address, got "${masked(wrong)}"`,
    );
  }
  const examination = await examine({
    ...{ cwd, env, signal, urls, fetch },
    timeoutMs: (given.number("timeout", 0.1, 300) ?? 10) * 1000,
    isNetwork: given.has("network"),
    isOffline: given.has("offline"),
  });
  const results: CheckResult[] = [];
  for (const check of CHECKS) {
    if (signal.aborted) throw new CommandError("interrupted", "Stopped before all was checked");
    results.push(await lookSafely(check, examination));
  }
  const isFailed = results.some(({ found }) => stateOf(found) === "fail");
  return {
    exitCode: isFailed ? EXIT_CODES.failed : EXIT_CODES.done,
    text: formatReport(results),
    json: {
      ok: !isFailed,
      checks: results.map(({ check, found }) => ({
        name: check.name,
        state: stateOf(found),
        findings: found.kind === "checked" ? found.findings : [],
        why: found.kind === "skipped" ? found.why : null,
      })),
    },
  };
}
