import { run } from "@tideline/cli";
import { LOCAL_ENVIRONMENT } from "../apps.js";
import { REPOSITORY } from "../build-app.js";
import { loadRecordToken } from "../local-state.js";
import { ScriptError } from "../script-error.js";
import { EXAMPLE_APP } from "./example-folder.js";
import type { RunningExample } from "./example-state.js";

/** What is served, and where it is recorded. */
export interface ServedExample extends Pick<RunningExample, "page" | "ledger" | "tokenState"> {
  readonly version: string;
  /** Sentences that were said when the version was named; the command has them too. */
  readonly warnings: readonly string[];
}

/**
 * Records a version of the page as soon as the page's server serves it, as `tideline record` on a
 * command line does.
 *
 * @param further More of the command's options.
 * @throws {ScriptError} If it is not recorded; the command has said why.
 */
export async function recordExample(
  { version, warnings, page, ledger, tokenState }: ServedExample,
  further: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const token = process.env.TIDELINE_RECORD_TOKEN?.trim() || (await loadRecordToken(tokenState));
  const code = await run(
    [
      ...["record", "--label", version, "--app", EXAMPLE_APP, "--environment", LOCAL_ENVIRONMENT],
      // The page names its version beside itself, in version.json.
      ...["--url", ledger, "--probe", page, "--probe-interval", "0.2", ...further],
    ],
    {
      cwd: REPOSITORY,
      // The names of another app's deployment are not this one's.
      env: { ...process.env, TIDELINE_RECORD_TOKEN: token, APP_NAME: undefined },
      print: (line) => console.log(line),
      log: (line) => {
        if (!warnings.includes(line)) console.error(line);
      },
      signal,
    },
  );
  if (code !== 0) throw new ScriptError(`${version} is served, and was not recorded`);
}
