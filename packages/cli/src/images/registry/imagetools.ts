import { CommandError } from "../../command-error.js";
import { classifyRegistryError, explainRegistryError } from "./explain-registry-error.js";
import { isLoopback, parseRepository, type Repository } from "./image-name.js";
import type { RegistryTool } from "./registry-tool.js";
import { runRetried } from "./run-retried.js";
import type { ToolPlace } from "./run-tool.js";

/**
 * Registries by `docker buildx imagetools`, which copies within and between registries, and neither
 * reads an image from elsewhere nor lists tags.
 *
 * @see https://docs.docker.com/reference/cli/docker/buildx/imagetools/create/
 */
export function imagetools(
  place: ToolPlace,
  options: { readonly isInsecure: boolean },
): RegistryTool {
  const run = (...args: string[]) => runRetried("docker", ["buildx", "imagetools", ...args], place);

  const read = async (repository: Repository, reference: string, ...args: string[]) => {
    refuseInsecure(options.isInsecure, repository);
    const answer = await run("inspect", ...args, reference);
    if (answer.ok) return answer.stdout;
    // containerd's resolver says so at the end of its line, without the registry's own code.
    if (/: not found\s*$/.test(answer.message)) return null;
    if (classifyRegistryError(answer.message) === "absent") return null;
    throw explainRegistryError(`read "${reference}"`, repository, answer.message);
  };

  return {
    name: "docker buildx imagetools",

    stage: async (source) => {
      if (source.startsWith("docker://")) return { source, dispose: async () => {} };
      throw new CommandError(
        "usage",
        `Cannot read the image "${source}": expected docker://<image>, for docker buildx imagetools reads from registries only; skopeo reads the others`,
      );
    },

    readSource: async ({ source }) => {
      const reference = source.replace(/^docker:\/\//, "");
      const repository = parseRepository(reference.replace(/@.*$/, "").replace(/:[^/:]*$/, ""));
      const manifest = await read(repository, reference, "--raw");
      if (manifest !== null) return manifest;
      throw new CommandError(
        "failed",
        `Cannot read the image "${source}": expected it in ${repository.host}, which does not have it`,
      );
    },

    readManifest: (repository, at) => read(repository, `${repository.name}${at}`, "--raw"),

    readLabels: async (repository, digest) => {
      const reference = `${repository.name}@${digest}`;
      const config = await read(repository, reference, "--format", "{{json .Image}}");
      const json = JSON.parse(config?.toString("utf8") ?? "{}") as {
        readonly config?: { readonly Labels?: Readonly<Record<string, string>> | null } | null;
      } | null;
      return json?.config?.Labels ?? {};
    },

    listTags: async () => null,

    // It cannot write by digest; the first tag brings the layers along.
    upload: async () => {},

    tag: async ({ source }, to, _digest, tag) => {
      const destination = `${to.name}:${tag}`;
      const from = source.replace(/^docker:\/\//, "");
      // By default it would wrap a single image in an index of its own, with another digest.
      const answer = await run("create", "--prefer-index=false", "--tag", destination, from);
      if (answer.ok) return;
      throw explainRegistryError(`push "${from}" to "${destination}"`, to, answer.message);
    },
  };
}

/** BuildKit has no switch for it; it speaks plain HTTP to this machine by itself. */
function refuseInsecure(isInsecure: boolean, { host }: Repository): void {
  if (!isInsecure || isLoopback(host)) return;
  throw new CommandError(
    "usage",
    `Cannot use --insecure-registry with ${host}: expected skopeo, which docker buildx imagetools is standing in for`,
  );
}
