import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommandError } from "../../command-error.js";
import { classifyRegistryError, explainRegistryError } from "./explain-registry-error.js";
import { isLoopback, parseRepository, type Repository } from "./image-name.js";
import type { RegistryTool } from "./registry-tool.js";
import { runRetried } from "./run-retried.js";
import type { ToolAnswer, ToolPlace } from "./run-tool.js";

/** How skopeo is to speak to the registry. */
export interface SkopeoOptions {
  /** Plain HTTP and unknown certificates are allowed elsewhere than on this machine. */
  readonly isInsecure: boolean;
}

// Their layers are stored uncompressed: the digest comes into being when they are written out.
const WITHOUT_DIGEST = /^(?:containers-storage|docker-daemon|docker-archive|tarball):/;

/**
 * Registries by `skopeo` 1.6 or newer.
 *
 * @see https://github.com/containers/skopeo/blob/main/docs/skopeo-copy.1.md
 */
export function skopeo(place: ToolPlace, { isInsecure }: SkopeoOptions): RegistryTool {
  const run = (...args: string[]) => runRetried("skopeo", args, place);
  const verifies = (host: string) => !isInsecure && !isLoopback(host);
  const tls = (name: string, { host }: Repository) => (verifies(host) ? [] : [`--${name}=false`]);
  const sourceTls = (source: string, name: string) =>
    source.startsWith("docker://") ? tls(name, repositoryOf(source)) : [];

  const copy = (source: string, destination: string, to: Repository | null) =>
    run(
      "copy",
      "--quiet",
      // An index keeps its digest only with all that it names.
      "--all",
      "--preserve-digests",
      ...sourceTls(source, "src-tls-verify"),
      ...(to === null ? [] : tls("dest-tls-verify", to)),
      source,
      destination,
    );

  return {
    name: "skopeo",

    stage: async (source) => {
      if (!WITHOUT_DIGEST.test(source)) return { source, dispose: async () => {} };
      const folder = await mkdtemp(join(tmpdir(), "tideline-image-"));
      const dispose = () => rm(folder, { recursive: true, force: true });
      const written = `oci:${join(folder, "image")}:staged`;
      const answer = await run("copy", "--quiet", source, written);
      if (answer.ok) return { source: written, dispose };
      await dispose();
      throw unreadable(source, answer);
    },

    readSource: async ({ source }) => {
      const answer = await run("inspect", "--raw", ...sourceTls(source, "tls-verify"), source);
      if (answer.ok) return answer.stdout;
      throw unreadable(source, answer);
    },

    readManifest: async (repository, at) => {
      const reference = `${repository.name}${at}`;
      const answer = await run(
        "inspect",
        "--raw",
        ...tls("tls-verify", repository),
        `docker://${reference}`,
      );
      if (answer.ok) return answer.stdout;
      if (classifyRegistryError(answer.message) === "absent") return null;
      throw explainRegistryError(`read "${reference}"`, repository, answer.message);
    },

    readLabels: async (repository, digest) => {
      const reference = `${repository.name}@${digest}`;
      const answer = await run(
        "inspect",
        "--config",
        ...tls("tls-verify", repository),
        `docker://${reference}`,
      );
      if (answer.ok) return labelsOf(answer.stdout);
      throw explainRegistryError(`read the labels of "${reference}"`, repository, answer.message);
    },

    listTags: async (repository) => {
      const answer = await run(
        "list-tags",
        ...tls("tls-verify", repository),
        `docker://${repository.name}`,
      );
      if (answer.ok) {
        const { Tags } = JSON.parse(answer.stdout.toString("utf8")) as { Tags?: string[] | null };
        return Tags ?? [];
      }
      const isAbsent = classifyRegistryError(answer.message) === "absent";
      // Here skopeo passes on the number alone; a repository begins with its first push.
      if (isAbsent || / 404 \(Not Found\)/.test(answer.message)) return [];
      throw explainRegistryError(
        `list the tags of "${repository.name}"`,
        repository,
        answer.message,
      );
    },

    upload: async ({ source }, to, digest) => {
      const answer = await copy(source, `docker://${to.name}@${digest}`, to);
      if (!answer.ok) throw notCopied(source, `${to.name}@${digest}`, to, answer);
    },

    tag: async (_from, to, digest, tag) => {
      const source = `docker://${to.name}@${digest}`;
      const answer = await copy(source, `docker://${to.name}:${tag}`, to);
      if (!answer.ok) throw notCopied(source, `${to.name}:${tag}`, to, answer);
    },
  };
}

/** The repository of `docker://host/name[:tag][@digest]`. */
function repositoryOf(source: string): Repository {
  const name = source.replace(/^docker:\/\//, "").replace(/@.*$/, "");
  return parseRepository(name.replace(/:[^/:]*$/, ""));
}

function labelsOf(config: Buffer): Readonly<Record<string, string>> {
  const json = JSON.parse(config.toString("utf8")) as {
    readonly config?: { readonly Labels?: Readonly<Record<string, string>> | null } | null;
  };
  return json.config?.Labels ?? {};
}

type Failure = ToolAnswer & { readonly ok: false };

function unreadable(source: string, { message }: Failure): CommandError {
  const doing = `read the image "${source}"`;
  if (source.startsWith("docker://")) {
    const repository = repositoryOf(source);
    if (classifyRegistryError(message) !== "absent") {
      return explainRegistryError(doing, repository, message);
    }
    return new CommandError(
      "failed",
      `Cannot ${doing}: expected it in ${repository.host}, which does not have it`,
      { cause: message },
    );
  }
  const said = /msg="((?:[^"\\]|\\.)*)"/.exec(message)?.[1]?.replaceAll('\\"', "'") ?? message;
  return new CommandError(
    "usage",
    `Cannot ${doing}: expected what skopeo can read, such as oci:<folder>:<tag>, oci-archive:<file>, docker-daemon:<image>:<tag> or docker://<image>@<digest>, got "${said.slice(0, 300)}"`,
    { cause: message },
  );
}

function notCopied(source: string, to: string, repository: Repository, { message }: Failure) {
  if (/unknown flag/.test(message)) {
    return new CommandError("failed", `Cannot push "${to}": expected skopeo 1.6 or newer`, {
      cause: message,
    });
  }
  return explainRegistryError(`push "${source}" to "${to}"`, repository, message);
}
