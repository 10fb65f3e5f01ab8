import type { SubsystemConfig, SyncConfig } from "../config/sync-config.js";
import { type NotedBuilds, readBuilds, readOutput } from "../publish/build-note.js";
import { isDeveloperMachine } from "../publish/is-developer-machine.js";
import { packFiles } from "../publish/pack-files.js";
import { planRelease, publishRelease } from "../publish/publish-release.js";
import type { PublishContent, PublishRequest } from "../publish/publish-request.js";
import { addCommand } from "./add-command.js";
import { chooseVersion, fileHere, requireFiles } from "./publish/choose-files.js";
import { describePublication } from "./publish/describe-publication.js";
import { openForCommand } from "./publish/open-for-command.js";
import {
  type PublishOptions,
  readExpiry,
  readRevoked,
  readSeq,
  readUpstream,
  readWhichBytes,
  type WhichBytes,
} from "./publish/publish-options.js";
import { tryFiles } from "./publish/try-files.js";
import { requireSubsystem } from "./require-subsystem.js";
import type { Terminal } from "./terminal.js";

/** `tideline-sync publish`: package, sign, upload, read back, make public, tell the ledger. */
export const addPublish = addCommand<PublishOptions>({
  usage: "publish <subsystem>",
  summary: "Package and sign one subsystem's binaries, and publish them as a release",
  examples: [
    "tideline-sync publish nats    # what `tideline-sync build nats` has left here",
    "tideline-sync publish nats --version 2.10.25 --file linux-x64-glibc=dist/nats-server",
    "tideline-sync publish nats --revert 7 --notes 'loses messages under load'",
    "tideline-sync publish nats --revert 7 --revoke 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "tideline-sync publish nats --version 2.10.25 --dry-run",
    "",
    "The token is TIDELINE_RELEASE_TOKEN, else GITHUB_TOKEN; of the ledger TIDELINE_FLEET_TOKEN.",
    "The release key is --key, else TIDELINE_RELEASE_KEY (its PEM text), else TIDELINE_RELEASE_KEY_FILE;",
    "the keyset --keyset, else TIDELINE_KEYSET (its JSON), else TIDELINE_KEYSET_FILE, else keyset.json",
    "beside the configuration. Run again after a crash, it finishes what it began.",
  ],
  options: (command) =>
    command
      .option(
        "--version <version>",
        "as the binary says it (default: that of its build, or of .version beside it)",
      )
      .option(
        "--file <platform=path...>",
        "binaries (default: the one that was built or runs here)",
      )
      .option("--from <folder>", "binaries that `tideline-sync build --out` has left there")
      .option("--no-run", "do not run them here, where the release key is")
      .option("--commit <oid>", "what the files were built from")
      .option("--tag <tag>", "the upstream tag of that commit")
      .option("--seq <number>", "the release's number (default: the next one)")
      .option("--critical", "shorten the pauses between rings; canaries go first all the same")
      .option("--notes <text>", "for people, on the release's page")
      .option("--revert <seq>", "publish the bytes of this older release once more, as a new one")
      .option("--renew", "publish the newest release once more, before it expires")
      .option("--revoke <sha256...>", "binaries that nobody shall install any more")
      .option("--again", "publish other bytes of a version, or a lower one, all the same")
      .option("--unsafe-rollback", "the version before cannot read what this one has written")
      .option("--min-sync <version>", "the lowest tideline-sync that can install it")
      .option("--expires <duration>", "until when it may be installed anew (default: 90d)")
      .option("--key <file...>", "release keys")
      .option("--keyset <file>", "the keyset that names them")
      .option("--no-ledger", "tell the release host alone")
      .option("--dry-run", "do everything but write: no upload, no ledger"),
  run: async ({ words: [name = ""], options, terminal, config: load }) => {
    const config = await load();
    const subsystem = requireSubsystem(config, name);
    const bytes = readWhichBytes(options, terminal.cwd);
    const expiresInMs = readExpiry(options);
    const facts: Omit<PublishRequest, "content"> = {
      ...{ subsystem: name, upstream: readUpstream(options, subsystem) },
      ...{ isCritical: options.critical === true, isAgain: options.again === true },
      ...{ minSync: options.minSync ?? null, revoked: readRevoked(options) },
      ...{ notes: options.notes ?? "", ...(expiresInMs !== undefined && { expiresInMs }) },
      dataRollback: options.unsafeRollback === true ? "unsafe" : "safe",
      seq: options.seq === undefined ? null : readSeq("--seq", options.seq),
    };
    if (bytes.kind === "files") await requireFiles(bytes.files);
    const publisher = await openForCommand(config, name, options, terminal);
    const isDryRun = options.dryRun === true;
    const builds = await readNoted(config, bytes, subsystem, options);
    const read = readContent(bytes, builds, subsystem, options, terminal);
    const { content, tried, upstream } = await read;
    const request = { ...facts, content, upstream: upstream ?? facts.upstream };
    const publication = await (isDryRun ? planRelease : publishRelease)(request, publisher);
    return describePublication(publication, { isDryRun, tried });
  },
});

interface Content {
  readonly content: PublishContent;
  /** Platforms whose binary was run here. */
  readonly tried: readonly string[];
  /** As a build has noted it; null if none has. */
  readonly upstream: PublishRequest["upstream"];
}

/** What builds have noted; null where the bytes are somebody's own. */
async function readNoted(
  { state }: SyncConfig,
  bytes: WhichBytes,
  subsystem: SubsystemConfig,
  { version }: PublishOptions,
): Promise<NotedBuilds | null> {
  if (bytes.kind === "builds") return await readBuilds(bytes.folder, subsystem);
  if (bytes.kind !== "here" || !(await isDeveloperMachine(subsystem))) return null;
  const own = await readOutput(state, subsystem);
  // Who names another version knows of another build.
  return version === undefined || version === own?.note.version ? own : null;
}

async function readContent(
  bytes: WhichBytes,
  builds: NotedBuilds | null,
  subsystem: SubsystemConfig,
  options: PublishOptions,
  { signal }: Terminal,
): Promise<Content> {
  if (bytes.kind === "release") return { content: bytes, tried: [], upstream: null };
  const note = builds?.note ?? null;
  const files =
    builds?.files ?? (bytes.kind === "files" ? bytes.files : [await fileHere(subsystem)]);
  const version = note?.version ?? (await chooseVersion(options.version, files));
  const tried = options.run ? await tryFiles(subsystem, files, version, signal) : [];
  const packages = await packFiles(subsystem, version, files, note);
  const url = note?.remote ?? subsystem.upstream?.remotes[0];
  const upstream =
    note === null || url === undefined ? null : { url, tag: note.tag, oid: note.commit };
  return { content: { kind: "packages", version, packages }, tried, upstream };
}
