import { readFile } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { writeFileAtomically } from "@tideline/stamp";
import { EXIT_CODES } from "../command.js";
import { CommandError } from "../command-error.js";
import { requireConfig } from "../config/load-config.js";
import { buildIds } from "../images/build-ids.js";
import { imageName } from "../images/describe-image.js";
import { parseDigest } from "../images/registry/image-name.js";
import { requireService } from "../images/require-image.js";
import { sourceFacts } from "../images/source-facts.js";
import type { GivenOptions } from "../parse-command-line.js";
import type { Outcome, Terminal } from "../terminal.js";
import { type AnnotatedManifest, type Annotation, annotateManifest } from "./annotate-manifest.js";
import { changeCause, runUrl } from "./change-cause.js";
import { labelValue } from "./label-value.js";
import type { ContainerFacts } from "./workload.js";

/** `tideline annotate`. No file is written before all of them were found to be right. */
export async function runAnnotate(given: GivenOptions, terminal: Terminal): Promise<Outcome> {
  const { cwd, log } = terminal;
  const files: AnnotatedFile[] = [];
  const { annotation, expected } = await readAnnotation(given, terminal);
  for (const path of given.texts("file")) {
    const before = await readManifest(cwd, path);
    files.push({ path, before, ...annotateManifest(before, path, annotation) });
  }
  if (files.every(({ objects }) => objects.length === 0)) {
    const found = files.flatMap(({ containers }) => containers).map((name) => `"${name}"`);
    throw new CommandError(
      "usage",
      `Cannot annotate ${files.map(({ path }) => path).join(", ")}: expected a container ${expected}, got ${found.length === 0 ? "no workload" : found.join(", ")}`,
    );
  }
  const changed = files.filter(({ before, text }) => before !== text);
  if (given.has("write")) {
    for (const { path, text } of changed) await writeFileAtomically(resolve(cwd, path), text);
  }
  for (const { path, objects } of files) {
    for (const { kind, name } of objects) log(`${path}: ${kind} ${name}`);
  }
  const json = {
    ok: true,
    version: annotation.version,
    changeCause: annotation.changeCause,
    buildId: annotation.buildId,
    image: annotation.image,
    files: files.map(({ path, before, text, objects }) => ({
      path,
      isChanged: before !== text,
      objects,
      ...(!given.has("write") && { text }),
    })),
  };
  const text = given.has("write")
    ? `Changed ${changed.length === 0 ? "nothing" : changed.map(({ path }) => path).join(", ")}`
    : joinDocuments(files.map((file) => file.text));
  return { exitCode: EXIT_CODES.done, text, json };
}

interface AnnotatedFile extends AnnotatedManifest {
  readonly path: string;
  readonly before: string;
}

async function readAnnotation(
  given: GivenOptions,
  { cwd, env, log }: Terminal,
): Promise<{ readonly annotation: Annotation; readonly expected: string }> {
  const name = given.text("service");
  if (name === undefined) {
    throw new CommandError("usage", "Cannot annotate: expected the service in --service, got none");
  }
  const config = await requireConfig(cwd, "annotate manifests");
  const service = requireService(config, name);
  const image = readImage(given.text("image"));
  const { facts, warnings } = await sourceFacts(config, env, {
    version: given.text("version"),
    // What --write changed would otherwise change the cause the next time.
    outputs: given.texts("file").map((path) => relative(config.root, resolve(cwd, path))),
  });
  for (const warning of warnings) log(warning);
  const buildId = given.text("build-id") ?? (await ownBuildId());
  const container = given.text("container") ?? name;
  const images = [imageName(config, service), image && withoutReference(image)].filter(
    (known) => known !== null,
  );
  return {
    annotation: {
      version: labelValue(facts.version),
      changeCause: changeCause({
        service: name,
        version: facts.version,
        revision: facts.revision,
        runUrl: runUrl(env),
      }),
      buildId,
      image,
      // What runs before, migrations for example, is told by its image alone: of its name nobody
      // would expect it.
      isOfService: ({ name: called, image: runs, isInit }: ContainerFacts) =>
        (called === container && !isInit) || images.includes(withoutReference(runs)),
    },
    expected: `named "${container}"${images.map((known) => ` or of the image "${known}"`).join("")}`,
  };

  async function ownBuildId(): Promise<string | null> {
    const ids = await buildIds(config, [service], env, facts);
    for (const warning of ids.warnings) log(warning);
    return ids.idsOf(service.name).buildId;
  }
}

/** A tag may point at another image when the pods start. */
function readImage(text: string | undefined): string | null {
  if (text === undefined) return null;
  const [, reference = "", digest = ""] = /^([^@\s]+)@(.+)$/.exec(text) ?? [];
  if (reference !== "") {
    parseDigest(digest, "--image");
    return text;
  }
  throw new CommandError(
    "usage",
    `Cannot use --image: expected an image by digest, <image>@sha256:<64 hex digits>, got "${text}"`,
  );
}

function withoutReference(image: string): string {
  return image.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
}

async function readManifest(cwd: string, path: string): Promise<string> {
  try {
    return await readFile(resolve(cwd, path), "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CommandError("usage", `Cannot annotate ${path}: expected a file, got ${code}`, {
      cause,
    });
  }
}

/** One stream that kubectl reads; the last line break is the terminal's. */
function joinDocuments(texts: readonly string[]): string {
  const parts = texts.map((text, index) => {
    const ended = text.replace(/\r?\n?$/, "\n");
    return index === 0 || /^(?:\s*#.*\n)*---/.test(ended) ? ended : `---\n${ended}`;
  });
  return parts.join("").replace(/\n$/, "");
}
