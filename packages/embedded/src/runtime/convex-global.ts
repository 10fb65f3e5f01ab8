import { SyscallError } from "../syscall-error.js";
import { actionSyscall } from "./action-syscalls.js";
import type { Engine } from "./engine.js";
import { currentExecution, type Execution, hasEnded } from "./execution.js";
import { FunctionError } from "./function-error.js";
import { transactionSyscall } from "./transaction-syscalls.js";
import { unsupportedOperation } from "./unsupported.js";

/** The global through which `convex/server`, as bundled with every module, reaches the server. */
export interface ConvexGlobal {
  /** JSON text in and out. */
  syscall(name: string, args: string): string;
  /** As `syscall`; for what may take time. */
  asyncSyscall(name: string, args: string): Promise<string>;
  /** For values that JSON cannot hold. */
  jsSyscall(name: string, args: unknown): unknown;
}

/** Makes the `Convex` global; it finds the asking function by itself. */
export function convexGlobal(engine: Engine): ConvexGlobal {
  return {
    syscall(name, args) {
      const execution = askingExecution();
      try {
        const answer =
          "transaction" in execution
            ? execution.transaction.syscall(name, JSON.parse(args))
            : undefined;
        if (answer === undefined) throw unsupportedOperation(name, "operation");
        return JSON.stringify(answer);
      } catch (error) {
        throw noteFault(execution, error);
      }
    },

    async asyncSyscall(name, args) {
      const execution = askingExecution();
      try {
        if ("transaction" in execution) {
          while (execution.nestedMutation !== null) {
            await execution.nestedMutation;
            refuseAfterEnd(execution);
          }
          return JSON.stringify(
            await transactionSyscall(engine, execution, name, JSON.parse(args)),
          );
        }
        return JSON.stringify(await actionSyscall(engine, execution, name, JSON.parse(args)));
      } catch (error) {
        throw noteFault(execution, error);
      }
    },

    jsSyscall(name) {
      throw unsupportedOperation(name, "operation");
    },
  };
}

function askingExecution(): Execution {
  const execution = currentExecution();
  if (execution === undefined || execution.kind === "load") {
    throw new SyscallError(
      "Convex can only be asked by a running function, not by a module's top level",
    );
  }
  refuseAfterEnd(execution);
  return execution;
}

function refuseAfterEnd(execution: Execution): void {
  if (!hasEnded(execution)) return;
  throw new SyscallError(
    `${execution.identifier} asked for something after it had ended. Did you forget to await a promise?`,
  );
}

/** What is neither refused nor a nested function's failure is the server's own, and stays so. */
function noteFault(execution: Execution, error: unknown): unknown {
  if (error instanceof FunctionError) {
    // `convex/server` puts the text into a new error, whose stack begins on a line of its own.
    return new FunctionError(error.message.trimEnd(), error.data);
  }
  if (!(error instanceof SyscallError) && error instanceof Error) execution.fault ??= error;
  return error;
}
