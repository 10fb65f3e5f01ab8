import { resolve } from "node:path";
import type { SyncConfig } from "../../config/sync-config.js";
import { SyncError } from "../../sync-error.js";
import { readKeysetFile } from "../../trust/keyset-file.js";
import type { SignedKeyset } from "../../trust/sign-keyset.js";
import { TrustStore } from "../../trust/trust-store.js";
import { verifyKeyset } from "../../trust/verify-release.js";
import { UsageError } from "../../usage-error.js";
import { addCommand } from "../add-command.js";
import { EXIT_CODES } from "../terminal.js";
import { describeKeyset } from "./describe-keyset.js";

/** `tideline-sync keys inspect FILE`: what a keyset says, and whether this machine would believe it. */
export const addInspect = addCommand({
  usage: "inspect <keyset>",
  summary: "Show a keyset, and whether this machine would believe it",
  examples: [
    "tideline-sync keys inspect keyset.json",
    "tideline-sync keys inspect keyset.json --json",
  ],
  run: async ({ words: [file = ""], options, terminal, config }) => {
    const signed = await readKeysetFile(resolve(terminal.cwd, file));
    // Without a configuration there are no roots to ask, as on the computer that holds the roots.
    const settings = await config().catch((error: unknown) => {
      if (options.config === undefined && error instanceof UsageError) return error;
      throw error;
    });
    if (settings instanceof UsageError) {
      const { text, json } = describeKeyset(signed, null);
      return {
        text: `${text}\nbelieved:   unknown; ${settings.message}`,
        json: { ...json, isBelieved: null, refusal: null },
      };
    }
    const { text, json } = describeKeyset(signed, settings.trust);
    const refusal = await refusalOf(signed, settings);
    const verdict = refusal === null ? "yes" : `no; ${refusal.message} (${refusal.reason})`;
    return {
      exitCode: refusal === null ? EXIT_CODES.done : EXIT_CODES.refused,
      text: `${text}\nbelieved:   ${verdict}`,
      json: {
        ...json,
        isBelieved: refusal === null,
        refusal: refusal && {
          reason: refusal.reason,
          message: refusal.message,
          nextStep: refusal.nextStep,
        },
      },
    };
  },
});

async function refusalOf(keyset: SignedKeyset, config: SyncConfig): Promise<SyncError | null> {
  const { state } = await TrustStore.open(config.state);
  try {
    verifyKeyset(keyset, { ...config.trust, now: Date.now(), state });
    return null;
  } catch (error) {
    if (error instanceof SyncError) return error;
    throw error;
  }
}
