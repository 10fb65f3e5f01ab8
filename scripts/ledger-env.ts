/**
 * Writes `.tideline/ledger.env`, which compose.yaml gives to the ledger: its record token is
 * TIDELINE_RECORD_TOKEN, else the one kept in `.tideline`, made when there is none.
 */
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadRecordToken, prepareState } from "./local-state.js";
import { runScript, ScriptError } from "./script-error.js";
import { DEFAULT_STATE } from "./start-options.js";

await runScript(async () => {
  await prepareState(DEFAULT_STATE);
  const token = process.env.TIDELINE_RECORD_TOKEN?.trim() || (await loadRecordToken(DEFAULT_STATE));
  if (/['\n\r]/.test(token)) {
    throw new ScriptError("Cannot use TIDELINE_RECORD_TOKEN: expected one line without a quote");
  }
  const path = join(DEFAULT_STATE, "ledger.env");
  // In quotes, within which Compose takes a dollar sign for what it is.
  await writeFile(path, `TIDELINE_RECORD_TOKEN='${token}'\n`, { mode: 0o600 });
  // A file that was there keeps the mode it had.
  await chmod(path, 0o600);
});
