import type { EncodedValue } from "../contract.js";
import type { SystemTransaction } from "../data/embedded-database.js";
import { SyscallError } from "../syscall-error.js";
import type { SyscallArgs } from "./common-syscalls.js";
import type { Engine } from "./engine.js";
import type { Call, Usage } from "./execution.js";
import { addressedPath } from "./find-function.js";
import { parseFunctionPath } from "./function-path.js";
import { readJob } from "./scheduled-job.js";
import { SCHEDULED_FUNCTIONS } from "./scheduler-tables.js";

/** A mutation's limits. */
export const SCHEDULE_LIMITS = { functions: 1_000, bytes: 16 * 1024 * 1024 };

const FIVE_YEARS_MS = 5 * 365.25 * 24 * 60 * 60 * 1_000;

/**
 * Writes a job as part of the transaction; the scheduler sees it when that is committed.
 *
 * @param args `ts` (seconds since epoch), `args`, and the function's address.
 * @param usage Counted up, if there are limits to keep.
 * @returns The job's id.
 * @throws {SyscallError} If the time or the target cannot be, or a limit is passed.
 */
export function scheduleFunction(
  engine: Engine,
  transaction: SystemTransaction,
  call: Call,
  args: SyscallArgs,
  usage?: Usage,
): string {
  const scheduledTime = Math.round(Number(args.ts) * 1e6) / 1e3;
  if (!(Math.abs(scheduledTime - engine.now()) <= FIVE_YEARS_MS)) {
    throw new SyscallError("Cannot schedule a function more than 5 years from now");
  }
  const name = targetIdentifier(engine, args);
  const jobArgs: EncodedValue[] = [args.args ?? {}];
  if (usage !== undefined) countUp(usage, JSON.stringify(jobArgs).length);
  // A canceled function's own jobs are canceled with it.
  const isCanceled =
    call.jobId !== undefined && readJob(transaction, call.jobId)?.state.kind === "canceled";
  return transaction.system.insert(SCHEDULED_FUNCTIONS, {
    name,
    args: jobArgs,
    scheduledTime,
    state: { kind: isCanceled ? "canceled" : "pending" },
    ...(isCanceled ? { completedTime: engine.now() } : {}),
  });
}

/**
 * Cancels a job that is pending or in progress; one that has ended is left as it is.
 *
 * @throws {SyscallError} If there is no such job, or the job is the mutation that asks.
 */
export function cancelJob(
  engine: Engine,
  transaction: SystemTransaction,
  call: Call,
  args: SyscallArgs,
): null {
  const id = args.id;
  const isJobId = typeof id === "string" && engine.database.tableOfId(id) === SCHEDULED_FUNCTIONS;
  const job = isJobId ? readJob(transaction, id) : null;
  if (job === null) {
    throw new SyscallError(`Invalid argument \`id\` for \`scheduler.cancel\`: no job "${id}"`);
  }
  const { kind } = job.state;
  if (kind !== "pending" && kind !== "inProgress") return null;
  if (job._id === call.jobId && call.isJobMutation === true) {
    throw new SyscallError("A mutation cannot cancel itself");
  }
  transaction.system.patch(job._id, {
    state: { kind: "canceled" },
    completedTime: engine.now(),
  });
  return null;
}

function targetIdentifier({ code }: Engine, args: SyscallArgs): string {
  const path = addressedPath(args);
  const { module, name, identifier } = parseFunctionPath(path);
  if (!code.modules.has(module)) {
    throw new SyscallError(`Attempted to schedule function at nonexistent path: ${identifier}`);
  }
  if (!code.functions.has(identifier)) {
    throw new SyscallError(
      `Attempted to schedule function, but no exported function ${name} found in the file: ${module}. Did you forget to export it?`,
    );
  }
  return identifier;
}

function countUp(usage: Usage, bytes: number): void {
  const { functions, bytes: maxBytes } = SCHEDULE_LIMITS;
  if (usage.scheduledFunctions + 1 > functions) {
    throw new SyscallError(`Too many functions scheduled by this mutation (limit: ${functions})`);
  }
  if (usage.scheduledBytes + bytes > maxBytes) {
    throw new SyscallError(
      `Too large total size of the arguments of scheduled functions from this mutation (limit: ${maxBytes} bytes)`,
    );
  }
  usage.scheduledFunctions += 1;
  usage.scheduledBytes += bytes;
}
