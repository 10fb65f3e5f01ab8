import { findRecordToken } from "../../ledger/record-token.js";
import { type Check, checked, skipped } from "../check.js";
import type { Examination } from "../examination.js";
import { recordsDeployment, stepsOf } from "../workflow.js";

// The ledger takes none that is shorter.
const MIN_LENGTH = 16;

/** Whoever records can prove who it is. */
export const recordCredential: Check = {
  name: "record-credential",
  promise: "there is something to record with",
  look: async (examination) => {
    const { cwd, env, workflows } = examination;
    const token = await findRecordToken(env, cwd).catch(() => null);
    if (token !== null) {
      if (token.length >= MIN_LENGTH) return checked([]);
      return checked([
        {
          level: "fail",
          where: null,
          problem: `the record token has ${token.length} characters, and the ledger takes none below ${MIN_LENGTH}`,
          fix: 'openssl rand -hex 32, set as TIDELINE_RECORD_TOKEN here and with "npx convex env set"',
        },
      ]);
    }
    if (env.ACTIONS_ID_TOKEN_REQUEST_URL) return checked([]);
    const isInCi = workflows.some((workflow) =>
      [...stepsOf(workflow)].some(({ step }) => recordsDeployment(step.run)),
    );
    if (isInCi) return skipped("it is a workflow that records, see id-token");
    if (!namesLedger(examination)) return skipped("no ledger is named");
    return checked([
      {
        level: "warn",
        where: null,
        problem: "a ledger is named, and nothing here may record to it",
        fix: 'set TIDELINE_RECORD_TOKEN, or record in a GitHub job with "id-token: write"',
      },
    ]);
  },
};

function namesLedger({ config, env }: Examination): boolean {
  const configured = [...(config?.environments.values() ?? [])];
  return Boolean(
    env.CONVEX_URL ||
      env.CONVEX_SELF_HOSTED_URL ||
      configured.some(({ convexUrl }) => convexUrl !== null),
  );
}
