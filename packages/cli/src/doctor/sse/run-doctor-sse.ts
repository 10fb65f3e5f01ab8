import { EXIT_CODES } from "../../command.js";
import { CommandError } from "../../command-error.js";
import type { GivenOptions } from "../../parse-command-line.js";
import { masked } from "../../record/public-address.js";
import type { Outcome, Terminal } from "../../terminal.js";
import { type CheckResult, lookSafely, stateOf } from "../check.js";
import { findGateway } from "./find-gateway.js";
import { formatSseReport } from "./format-sse-report.js";
import { duration } from "./shown.js";
import { SSE_CHECKS } from "./sse-checks.js";
import { visit } from "./visit.js";

const DEFAULT_BEAT_S = 30;
const DEFAULT_TIMEOUT_S = 10;

/** `tideline doctor sse`. Changes nothing. */
export async function runDoctorSse(
  given: GivenOptions,
  { log, signal }: Terminal,
): Promise<Outcome> {
  const asked = readOrigin(given.text("origin"));
  // Shorter than a fifth of a second nothing could be told from a busy machine's delays.
  const beatMs = (given.number("beat", 0.2, 3600) ?? DEFAULT_BEAT_S) * 1000;
  const isQuick = given.has("quick");
  const timeoutMs = (given.number("timeout", 0.1, 300) ?? DEFAULT_TIMEOUT_S) * 1000;
  const { addresses, page, credentials } = await findGateway(given.text("url") ?? "", {
    signal,
    timeoutMs,
  });
  const pageOrigin = page === null || page.gateway === null ? null : new URL(page.url).origin;
  if (!isQuick) log(`Listening to ${addresses.stream} for ${duration(beatMs * 1.25)}`);
  const seen = await visit({
    ...{ addresses, page, credentials, timeoutMs },
    origin: asked ?? pageOrigin,
    beatMs: isQuick ? null : beatMs,
    signal,
  });
  const results: CheckResult[] = [];
  try {
    for (const check of SSE_CHECKS) {
      if (signal.aborted) throw new CommandError("interrupted", "Stopped before all was checked");
      results.push(await lookSafely(check, seen));
    }
  } finally {
    seen.close();
  }
  const isFailed = results.some(({ found }) => stateOf(found) === "fail");
  return {
    exitCode: isFailed ? EXIT_CODES.failed : EXIT_CODES.done,
    text: formatSseReport(results),
    json: {
      ok: !isFailed,
      ...addresses,
      checks: results.map(({ check, found }) => ({
        name: check.name,
        state: stateOf(found),
        findings: found.kind === "checked" ? found.findings : [],
        said: found.kind === "checked" ? found.said : null,
        why: found.kind === "skipped" ? found.why : null,
      })),
    },
  };
}

function readOrigin(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (URL.canParse(text) && new URL(text).origin === text.replace(/\/$/, "")) {
    return new URL(text).origin;
  }
  throw new CommandError(
    "usage",
    `Cannot use --origin: expected an origin like "https://example.com", got "${masked(text)}"`,
  );
}
