import { EXIT_CODES } from "../../command.js";
import { CommandError } from "../../command-error.js";
import { requireConfig } from "../../config/load-config.js";
import type { GivenOptions } from "../../parse-command-line.js";
import type { Outcome, Terminal } from "../../terminal.js";
import { imageTags } from "../image-tags.js";
import { findRegistryTool } from "../registry/find-registry-tool.js";
import { parseDigest, parseRepository } from "../registry/image-name.js";
import { readEnvironment, requireImage, requireService } from "../require-image.js";
import { sourceFacts } from "../source-facts.js";
import { type ImagePush, type PushedImage, pushImage } from "./push-image.js";
import { readPlanEntry } from "./read-plan-entry.js";

/** `tideline images push <service>`. */
export async function runPush(
  words: readonly string[],
  given: GivenOptions,
  terminal: Terminal,
): Promise<Outcome> {
  const { cwd, env, signal, log } = terminal;
  const [name, ...surplus] = words;
  if (name === undefined || surplus.length > 0) {
    throw new CommandError(
      "usage",
      `Cannot push: expected one service, got ${words.length === 0 ? "none" : `"${words.join(" ")}"`}`,
    );
  }
  const config = await requireConfig(cwd, "push an image");
  const service = requireService(config, name);
  const image = requireImage(config, service);
  readEnvironment(config, given.text("environment"));
  if (given.text("format") !== undefined) {
    throw new CommandError("usage", "Cannot push: expected no --format, which describes a build");
  }
  const what =
    given.text("plan") === undefined
      ? await fromOptions(image, given)
      : await fromPlan(name, image, given, terminal);
  if (what.kind === "nothing") {
    log(what.reason);
    const { digest, reason } = what;
    const reference = digest && `${image}@${digest}`;
    const json = { ok: true, service: name, action: "skip", reason, digest, reference };
    return { exitCode: EXIT_CODES.done, text: reference ?? reason, json };
  }

  const { facts, warnings } = await sourceFacts(config, env, { version: given.text("version") });
  // An image that is there already was not built from what is here.
  const isBuilt = what.action === "push" || what.action === "build";
  if (isBuilt && facts.isUnnamed) {
    throw new CommandError(
      "refused",
      `Cannot push ${name}: expected a tree that a commit holds, got changes that none holds; commit them, or give the image a version of its own with --version`,
    );
  }
  if (what.action === "push") for (const warning of warnings) log(warning);
  const version = what.version ?? facts.version;
  const commit = isBuilt ? facts.commit : null;
  const tags = imageTags({ version, commit, tagSuffix: service.tagSuffix });
  const isDryRun = given.has("dry-run");
  const tool = await findRegistryTool(
    { cwd, env, signal },
    { isInsecure: given.has("insecure-registry") },
  );
  const push: ImagePush = {
    repository: parseRepository(image),
    tags: what.tags === null ? tags : { ...tags, immutable: what.tags(tags.moving) },
    tagSuffix: service.tagSuffix,
    version,
    source: what.source,
    expectedDigest: what.digest,
    isLatestForced: given.has("force-latest"),
    isDryRun,
  };
  const pushed = await pushImage(tool, push);
  for (const line of describe(pushed, isDryRun)) log(line);
  return {
    exitCode: EXIT_CODES.done,
    // Alone on the output, so that a script has it in one word.
    text: pushed.reference,
    json: {
      ok: true,
      service: name,
      action: what.action,
      image,
      version,
      dryRun: isDryRun,
      ...pushed,
    },
  };
}

type Request =
  | { readonly kind: "nothing"; readonly digest: string | null; readonly reason: string }
  | {
      readonly kind: "push";
      readonly action: string;
      readonly source: string;
      readonly digest: string | null;
      /** Null: the version's, and of what was built here the commit's. */
      readonly tags: ((moving: string) => readonly string[]) | null;
      /** Null: the version of here and now. */
      readonly version: string | null;
    };

async function fromOptions(image: string, given: GivenOptions): Promise<Request> {
  const digestText = given.text("digest");
  const digest = digestText === undefined ? null : parseDigest(digestText, "--digest");
  const source = given.text("source");
  const common = { kind: "push", digest, tags: null, version: null } as const;
  if (source !== undefined) return { ...common, action: "push", source: parseSource(source) };
  if (digest !== null) return { ...common, action: "reuse", source: `docker://${image}@${digest}` };
  throw new CommandError(
    "usage",
    `Cannot push ${image}: expected the built image in --source, the digest of one that is there in --digest, or --plan, got none of them`,
  );
}

async function fromPlan(
  service: string,
  image: string,
  given: GivenOptions,
  { cwd, log }: Terminal,
): Promise<Request> {
  for (const option of ["version", "digest"]) {
    if (given.text(option) === undefined) continue;
    throw new CommandError("usage", `Cannot use --${option} and --plan together: the plan says it`);
  }
  const entry = await readPlanEntry(cwd, given.text("plan") ?? "", service, image);
  const { action, digest, reason, next, tags } = entry;
  const source = given.text("source");
  if (action === "skip") {
    return { kind: "nothing", digest, reason: `The plan skips ${service}: ${reason}` };
  }
  const planned = {
    kind: "push",
    action,
    tags: (moving: string) => tags.filter((tag) => tag !== moving),
    version: next,
  } as const;
  if (action === "build") {
    if (source !== undefined) return { ...planned, source: parseSource(source), digest: null };
    throw new CommandError(
      "usage",
      `Cannot push ${image}: expected the built image in --source, for the plan says build (${reason})`,
    );
  }
  if (digest === null) {
    throw new CommandError(
      "usage",
      `Cannot ${action} ${image}: expected its digest in the plan, got none`,
    );
  }
  if (source !== undefined) log(`The plan says ${action}, so --source is not looked at`);
  return { ...planned, source: `docker://${image}@${digest}`, digest };
}

/** A name without its transport would be taken for one: `api:1` is not the transport "api". */
function parseSource(source: string): string {
  if (/^[a-z][a-z-]+:./.test(source)) return source;
  throw new CommandError(
    "usage",
    `Cannot use --source: expected an image as skopeo names it, such as oci:<folder>:<tag>, oci-archive:<file>, docker-daemon:<image>:<tag> or docker://<image>@<digest>, got "${source}"`,
  );
}

function* describe({ tags, latest, digest }: PushedImage, isDryRun: boolean): Generator<string> {
  const done = isDryRun ? "would be pushed" : "pushed";
  const said = {
    pushed: done,
    kept: `is ${digest} already`,
    left: "stays: it is another image of this commit",
  };
  for (const { tag, state } of tags) yield `${tag}: ${said[state]}`;
  const moved = isDryRun ? "would move: it" : "moved: it";
  yield `${latest.tag}: ${latest.isMoved ? `${moved} ` : ""}${latest.reason}`;
}
