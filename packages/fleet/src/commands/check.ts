import type { SyncConfig } from "../config/sync-config.js";
import { checkMachine, type MachineCheckOptions } from "../detect/check-machine.js";
import { checkRows, checkText } from "../detect/describe-checks.js";
import { type DetectWorld, githubToken } from "../detect/detect-world.js";
import { writeGithubOutput } from "../detect/github-output.js";
import { publishedVersion } from "../detect/published-version.js";
import { manifestPath, readManifest } from "../detect/version-manifest.js";
import { SyncError } from "../sync-error.js";
import { requireTrustedRoots } from "../trust/require-trusted-roots.js";
import { UsageError } from "../usage-error.js";
import { addCommand } from "./add-command.js";
import { requireSubsystem } from "./require-subsystem.js";
import { EXIT_CODES, type Terminal } from "./terminal.js";

interface CheckCommandOptions {
  readonly upstream?: true;
  readonly published?: true;
  readonly exitCode?: true;
}

/** Of `--exit-code`: there are updates. None of the other codes, so that a script can tell them apart. */
export const UPDATES_EXIT_CODE = 10;

/** `tideline-sync check`: what is installed, what is the newest, and whether that is an update. */
export const addCheck = addCommand<CheckCommandOptions>({
  usage: "check [subsystem]",
  summary: "Say which subsystems have an update, and write .version-manifest.json",
  examples: [
    "tideline-sync check",
    "tideline-sync check --json nats",
    "tideline-sync check --json | jq -r '.[] | select(.update_available) | .name'",
    "tideline-sync check --published --json    # in CI: what upstream has and nobody has published",
    "",
    "A subsystem whose source checkout is there is compared with its upstream, every other one with",
    "what the fleet has published. In a workflow of GitHub Actions the step has the outputs `changed`",
    `(a JSON list) and \`any\`. Exit code 3: a subsystem could not be looked at; its row says why.`,
  ],
  isReport: true,
  options: (command) =>
    command
      .option("--upstream", "compare with upstreams, also where this machine builds nothing")
      .option(
        "--published",
        "compare upstreams with what was published last, not with this machine",
      )
      .option("--exit-code", `end with ${UPDATES_EXIT_CODE} if there are updates`),
  run: async ({ words: [word], options, terminal, config: readConfig }) => {
    const config = await readConfig();
    const world = worldOf(terminal);
    const check = await checkMachine(
      config,
      {
        names: namesOf(config, word),
        onlyUpstream: options.upstream === true || options.published === true,
        ...(options.published && { currentOf: await publishedOf(config, terminal, world) }),
        openTargets: (names) => openTargets(config, names, terminal),
      },
      world,
    );
    const rows = checkRows(check, await readManifest(manifestPath(config)));
    const changed = check.checks.filter(({ isAvailable }) => isAvailable).map(({ name }) => name);
    const { GITHUB_OUTPUT } = terminal.env;
    if (GITHUB_OUTPUT) await writeGithubOutput(GITHUB_OUTPUT, changed);
    const hasFailed = check.failures.length > 0;
    const isTold = options.exitCode === true && changed.length > 0;
    return {
      exitCode: hasFailed ? EXIT_CODES.refused : isTold ? UPDATES_EXIT_CODE : EXIT_CODES.done,
      text: checkText(rows),
      json: rows,
    };
  },
});

function namesOf(config: SyncConfig, word: string | undefined): string[] {
  const all = Object.keys(config.subsystems);
  if (word === undefined || (word === "all" && !all.includes("all"))) return all;
  return [requireSubsystem(config, word).name];
}

function worldOf({ signal, log, env }: Terminal): DetectWorld {
  return { fetch, now: Date.now, signal, log, tokenFor: githubToken(env) };
}

async function publishedOf(
  config: SyncConfig,
  { env, signal, log }: Terminal,
  world: DetectWorld,
): Promise<NonNullable<MachineCheckOptions["currentOf"]>> {
  const { releases } = config;
  if (releases === null) {
    throw new UsageError("Cannot compare: expected `releases` in the configuration, got none");
  }
  const { ReleaseHost } = await import("../publish/release-host.js");
  const token = env.TIDELINE_RELEASE_TOKEN || env.GITHUB_TOKEN || env.GH_TOKEN || null;
  const host = new ReleaseHost({ ...releases, token }, { fetch, now: Date.now, log, signal });
  return ({ name }) => publishedVersion(config, name, host, world);
}

async function openTargets(
  config: SyncConfig,
  names: readonly string[],
  { env, signal, log }: Terminal,
): ReturnType<MachineCheckOptions["openTargets"]> {
  const [{ openLedgerNow }, { openTrustStore }, { openSupervisor }, { isUntold, lookAtService }] =
    await Promise.all([
      import("../ledger/open-ledger.js"),
      import("../open-trust-store.js"),
      import("../supervise/open-supervisor.js"),
      import("../engine/look-at-service.js"),
    ]);
  requireTrustedRoots(config);
  const trust = await openTrustStore(config);
  const options = { config, env, trust, fetch, now: Date.now, log, signal };
  const { ledger, machine } = await openLedgerNow(options, names);
  try {
    const targets = ledger.targets();
    if (targets === null) {
      throw new SyncError("LEDGER_UNREACHABLE", "Cannot check: expected targets, got none in time");
    }
    const supervisor = openSupervisor(config, env);
    return {
      targets,
      deps: { config, machine, ledger, trust, now: Date.now },
      lookAtService: async (subsystem) => {
        const problem = await lookAtService(supervisor, subsystem, signal);
        // That nobody can tell is for `status` and `doctor`: it says nothing of the version.
        return problem === null || isUntold(problem) ? null : problem;
      },
    };
  } finally {
    await ledger.close();
  }
}
