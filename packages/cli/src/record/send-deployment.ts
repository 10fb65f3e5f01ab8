/** The three things that a deployer tells the ledger, each sent until it is answered. */
import type {
  AnnounceAnswer,
  DeploymentRecord,
  RecordAnswer,
  RefusalCode,
} from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { AskOptions, Ledger } from "../ledger/open-ledger.js";

/** The ledger's answer to the end of an announcement. */
export type AbortAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: RefusalCode; readonly message: string };

/** How to send. */
export type SendOptions = Omit<AskOptions, "doing">;

/**
 * Says that the build is live now.
 *
 * @throws {CommandError} `refused`, if the answer is that of an earlier record: ledgers older than
 *   this command repeat it also to who has seen what came since, and say another build is live.
 */
export async function sendRecord(
  ledger: Ledger,
  record: DeploymentRecord,
  options: SendOptions,
): Promise<RecordAnswer> {
  const answer = await send<RecordAnswer>(ledger, "record", record, { ...record }, options);
  const { asOfEpoch, appName, environment } = record;
  if (!answer.ok || asOfEpoch === undefined || answer.epoch >= asOfEpoch) return answer;
  throw new CommandError(
    "refused",
    `Cannot record ${appName} in ${environment}: expected a record as of epoch ${asOfEpoch}, got the answer to the one of epoch ${answer.epoch} once more; deploy your convex folder with a newer @tideline/ledger`,
  );
}

/** Says that the build is on its way. */
export async function sendAnnouncement(
  ledger: Ledger,
  record: DeploymentRecord,
  options: SendOptions,
): Promise<AnnounceAnswer> {
  const { appName, environment, version, gitCommit } = record;
  const args = {
    ...{ appName, environment, version, gitCommit },
    ...(record.buildId !== undefined && { buildId: record.buildId }),
    ...(record.inputsId !== undefined && { inputsId: record.inputsId }),
    ...(record.imageDigest !== undefined && { imageDigest: record.imageDigest }),
    ...(record.allowRollback && { allowRollback: true }),
  };
  return await send<AnnounceAnswer>(ledger, "announce", record, args, options);
}

/** Says that it is not, after all. */
export async function sendAbort(
  ledger: Ledger,
  { appName, environment, buildId, version }: DeploymentRecord,
  options: SendOptions,
): Promise<AbortAnswer> {
  const args = { appName, environment, buildId: buildId ?? `label:${version}` };
  return await send<AbortAnswer>(ledger, "abort", args, args, options);
}

const ACTIONS = { record: "finish", announce: "begin", abort: "abort" } as const;

async function send<Answer extends { readonly ok: boolean }>(
  ledger: Ledger,
  verb: keyof typeof ACTIONS,
  { appName, environment }: Pick<DeploymentRecord, "appName" | "environment">,
  args: Readonly<Record<string, unknown>>,
  options: SendOptions,
): Promise<Answer> {
  const doing = `${verb} ${appName} in ${environment}`;
  const answer = await ledger.ask(ACTIONS[verb], args, { ...options, doing });
  if (isAnswer<Answer>(answer)) return answer;
  throw new CommandError(
    "failed",
    `Cannot ${doing}: expected the answer of Tideline's deployments:${verb}Deployment, got ${JSON.stringify(answer)?.slice(0, 80)}`,
  );
}

/** The ledger's validators keep the rest of the shape. */
function isAnswer<Answer extends { readonly ok: boolean }>(value: unknown): value is Answer {
  return (
    typeof value === "object" && value !== null && "ok" in value && typeof value.ok === "boolean"
  );
}
