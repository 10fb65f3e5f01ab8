import { type Command, EVERYWHERE } from "../command.js";

/** `tideline images` and `tideline images push`. */
export const imagesCommand: Command = {
  help: 'Show the tags, labels and build arguments of images, or bring one to its tags ("push")',
  positionals: [
    {
      name: "service",
      help: 'Whose image; all without one. "push <service>" pushes that one',
      isOptional: true,
      isMany: true,
    },
  ],
  options: {
    environment: { value: "name", help: "Where it is to run; it has to be in the configuration" },
    version: {
      value: "version",
      help: "TIDELINE_VERSION, VERSION, else the version file's",
    },
    format: {
      value: "form",
      help: '"args": the arguments of docker build or buildah build, one a line',
    },
    source: {
      value: "image",
      help: "push: what was built, as skopeo names it (oci-archive:image.tar, docker-daemon:api:1)",
    },
    digest: {
      value: "sha256:…",
      help: "push: an image that the registry has, to reuse; with --source, what it has to be",
    },
    plan: { value: "file", help: "push: do what this output of `tideline plan --json` says" },
    "force-latest": { help: "push: move latest even if that is a step back" },
    "insecure-registry": {
      help: "push: allow plain HTTP and certificates that nobody vouches for",
    },
    "dry-run": { help: "push: look at the registry, and change nothing" },
    ...EVERYWHERE,
  },
  examples: [
    "tideline images api --json",
    "tideline images api --format args | xargs -d '\\n' docker build services/api",
    "tideline images push api --source oci-archive:image.tar",
    "tideline images push api --digest sha256:… --version 4.20.6",
  ],
  load: async () => (await import("./run-images.js")).runImages,
};
