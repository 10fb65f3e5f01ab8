/** Whether tideline-sync can update itself and come back from it. */
import { existsSync } from "node:fs";
import { hashFile } from "../artifact/hash-file.js";
import { readFailed } from "../guard/failed-file.js";
import { guardPaths, SELF_SERVICE } from "../guard/guard-paths.js";
import { SelfSupervisor } from "../guard/self-supervisor.js";
import { SupervisorError } from "../supervise/supervisor.js";
import { missingIsNull } from "../swap/keep-previous.js";
import { type Check, failed, ok, type Said, skipped, warning } from "./finding.js";

export const GUARD_CHECKS: readonly Check[] = [
  {
    name: "guard",
    run: async ({ config, signal }) => {
      const itself = Object.values(config.subsystems).find(
        ({ service }) => service === SELF_SERVICE,
      );
      if (itself === undefined) {
        return skipped(`tideline-sync does not update itself: no subsystem has the service "self"`);
      }
      const { kept } = guardPaths(itself.binary);
      const start = `Start the service by its guard: \`${kept} guard -- watch\``;
      const said: Said[] = [];
      if (!existsSync(kept)) {
        said.push(
          failed(`There is no kept copy at "${kept}"`, "Run `tideline-sync install` once more"),
        );
      }
      const problem = readFailed(itself.binary);
      const active = await hashFile(itself.binary).catch(missingIsNull);
      if (problem !== null && problem.sha256 === active?.sha256) {
        said.push(
          failed(
            `"${itself.binary}" ${problem.problem}; its kept copy runs instead`,
            `\`tideline-sync rollback ${itself.name}\`, or install a next version`,
          ),
        );
      }
      try {
        const self = new SelfSupervisor(itself.binary);
        const { isRunning, isReady } = await self.inspect(SELF_SERVICE, signal);
        if (isRunning && isReady === true && said.length === 0)
          return ok("The guard runs the service");
        if (!isRunning && said.length === 0) {
          said.push(warning("The guard runs, and the service does not", "Look at the guard's log"));
        }
      } catch (error) {
        if (!(error instanceof SupervisorError)) throw error;
        said.push(failed("No guard runs: an update of tideline-sync itself is refused", start));
      }
      return said.length > 0 ? said : warning("The service is starting", "Ask again in a moment");
    },
  },
];
