/** What lies at the live paths, and whether another one fits beside it. */
import { access, constants } from "node:fs/promises";
import { dirname } from "node:path";
import { requireFreeSpace } from "../artifact/require-free-space.js";
import { isDeveloperMachine } from "../publish/is-developer-machine.js";
import { runGit } from "../publish/run-git.js";
import { readLive } from "../swap/read-live.js";
import { SyncError } from "../sync-error.js";
import { type Check, failed, ok, type Said, skipped, warning } from "./finding.js";

export const BINARY_CHECKS: readonly Check[] = [
  {
    name: "binaries",
    run: async ({ config }) => {
      const said: Said[] = [];
      for (const subsystem of Object.values(config.subsystems)) {
        const { name, binary } = subsystem;
        const live = await readLive(binary);
        const next = `\`tideline-sync apply ${name} --replace\` installs the release over it, and keeps it in .foreign/; \`--adopt\` in place of that takes it as it is`;
        if (live.state === "drifted") {
          said.push(failed(`"${binary}" is not the binary that its .version speaks of`, next));
        } else if (live.state === "unknown") {
          said.push(failed(`Nobody knows what "${binary}" is: ${live.problem}`, next));
        } else if (live.state === "absent") {
          const first = (await isDeveloperMachine(subsystem))
            ? `\`tideline-sync watch\` builds, publishes and installs it here; by hand \`build ${name}\`, \`publish ${name}\` and \`apply ${name}\` do`
            : `\`tideline-sync apply ${name}\` installs it`;
          said.push(warning(`"${binary}" is not there yet`, first));
        }
      }
      return said.length > 0 ? said : ok("Every live binary is what its .version says");
    },
  },
  {
    name: "disk",
    run: async ({ config }) => {
      const said: Said[] = [];
      for (const { name, binary } of Object.values(config.subsystems)) {
        const folder = dirname(binary);
        const live = await readLive(binary);
        const size = live.state === "absent" ? 0 : live.size;
        try {
          await requireFreeSpace({ folder, size, previousSize: size });
          if (live.state !== "absent") await access(folder, constants.W_OK);
        } catch (error) {
          const isFull = error instanceof SyncError;
          said.push(
            isFull
              ? failed(error.message, `Free space on the file system of "${folder}"`)
              : failed(
                  `"${folder}" may not be written by this user`,
                  `Give it to the user who runs tideline-sync, or take "${name}" out of its configuration`,
                ),
          );
        }
      }
      return said.length > 0 ? said : ok("A next version of every binary fits on the disk");
    },
  },
  {
    name: "git",
    run: async ({ config, signal }) => {
      const built: string[] = [];
      let folder = config.folder;
      for (const subsystem of Object.values(config.subsystems)) {
        if (!(await isDeveloperMachine(subsystem))) continue;
        built.push(subsystem.name);
        folder = subsystem.source?.folder ?? folder;
      }
      if (built.length === 0) return skipped("Nothing is built from source here");
      try {
        const { stdout } = await runGit(folder, ["--version"], signal);
        return ok(`${stdout.trim()}, for ${built.join(", ")}`);
      } catch (error) {
        if (!(error instanceof SyncError)) throw error;
        return failed(error.message, error.nextStep);
      }
    },
  },
];
