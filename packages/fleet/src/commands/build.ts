import { resolve } from "node:path";
import { platformKey } from "@tideline/version/fleet";
import { platformHere } from "../artifact/platform-here.js";
import { checkUpstreams } from "../detect/check-upstreams.js";
import { githubToken } from "../detect/detect-world.js";
import { noteOutput, writeBuild } from "../publish/build-note.js";
import { buildSource, makeSourceFolder } from "../publish/build-source.js";
import { SyncError } from "../sync-error.js";
import { UsageError } from "../usage-error.js";
import { addCommand } from "./add-command.js";
import { requireSubsystem } from "./require-subsystem.js";

/** `tideline-sync build`: source, build and test of one subsystem; publishes and installs nothing. */
export const addBuild = addCommand<{ out?: string; quiet?: true }>({
  usage: "build <subsystem>",
  summary: "Bring one subsystem's source to what is newest upstream, build it and test it",
  examples: [
    "tideline-sync build nats                # for `publish nats`, here",
    "tideline-sync build nats --out dist    # for `publish nats --from dist`, in another job",
    "",
    "Commands run in `source.folder`, which is made where it is missing, with TIDELINE_VERSION,",
    "TIDELINE_COMMIT, TIDELINE_TAG and SOURCE_DATE_EPOCH, and without our tokens, keys and secrets.",
  ],
  options: (command) =>
    command
      .option(
        "--out <folder>",
        "put the binary into <folder>/<platform>/, with a note of what it is",
      )
      .option("--quiet", "do not repeat what the commands write"),
  run: async ({ words: [name = ""], options, terminal, config: load }) => {
    const config = await load();
    const { cwd, env, log, signal } = terminal;
    const subsystem = requireSubsystem(config, name);
    if (subsystem.upstream === null) {
      throw new UsageError(
        `Cannot build ${name}: expected \`upstream\` in its configuration, got none`,
      );
    }
    const world = { fetch, now: Date.now, signal, log, tokenFor: githubToken(env) };
    const { checks, failures } = await checkUpstreams(config, { only: [name] }, world);
    if (failures[0] !== undefined) throw failures[0].error;
    const [check] = checks;
    if (check?.state === "quarantined" && check.reason !== null) {
      throw new SyncError(check.reason, `Cannot build ${name}: ${check.detail ?? check.reason}`);
    }
    const found = check?.latest ?? null;
    if (found === null) {
      const why = check?.detail ?? "it has none";
      throw new SyncError(
        "REF_NOT_FOUND",
        `Cannot build ${name}: expected a version upstream: ${why}`,
      );
    }
    await makeSourceFolder(subsystem, signal);
    const onOutput = options.quiet === true ? undefined : log;
    const built = await buildSource(subsystem, found, { config, env, log, signal, onOutput });
    const { version, commit, committedAt, output } = built;
    const platform = platformKey(platformHere());
    const { tag, remote } = found;
    const facts = { subsystem: name, version, platform, commit, committedAt, tag, remote };
    await noteOutput(config.state, output, facts);
    const path =
      options.out === undefined
        ? output
        : await writeBuild(resolve(cwd, options.out), subsystem, output, facts);
    return { text: `Built ${name} ${version} for ${platform}: ${path}`, json: { ...facts, path } };
  },
});
