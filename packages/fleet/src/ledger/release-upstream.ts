import { FLEET_FUNCTIONS } from "@tideline/version/fleet";
import type { UpstreamWord } from "../detect/upstream-word.js";
import { type AskOptions, askLedger } from "./ask-ledger.js";

/**
 * Lets go in the ledger what a person has looked at upstream: that very commit, and no other.
 *
 * @param args.token The fleet's operator token.
 * @throws {SyncError} `TOKEN_REFUSED`, `LEDGER_REFUSED` or `LEDGER_UNREACHABLE`
 */
export async function releaseUpstream(
  {
    token,
    subsystem,
    word,
  }: { readonly token: string; readonly subsystem: string; readonly word: UpstreamWord },
  ask: AskOptions,
): Promise<void> {
  const { remote, ref, oid, tag } = word;
  const args = { token, subsystem, remote, ref, oid, tag, isQuarantined: false, isReleased: true };
  const tell = async () =>
    (await askLedger("mutation", FLEET_FUNCTIONS.reportUpstream, args, ask)) as Answer;
  // One that has not heard of the commit yet quarantines it, as it may: it is the same person's word
  // that lets it go.
  if ((await tell()).isQuarantined) await tell();
}

interface Answer {
  readonly isQuarantined: boolean;
}
