import { type Command, EVERYWHERE } from "../command.js";

/** `tideline annotate`. */
export const annotateCommand: Command = {
  help: "Put version, cause and image into the Kubernetes manifests of a service",
  positionals: [{ name: "file", help: "A manifest; it may hold several objects", isMany: true }],
  options: {
    service: {
      value: "name",
      help: "Whose workloads: those with its image, or a container of its name",
    },
    container: { value: "name", help: "The container's name, where it is not the service's" },
    image: { value: "ref@sha256:…", help: "What its container is to run, by digest" },
    version: { value: "version", help: "TIDELINE_VERSION, VERSION, else the version file's" },
    "build-id": { value: "id", help: "The artifact's, else the fingerprint of the inputs" },
    write: { help: "Change the files; without it the result is printed" },
    ...EVERYWHERE,
  },
  examples: [
    "tideline annotate k8s/api.yaml --service api --image ghcr.io/acme/api@sha256:… | kubectl apply -f -",
    "tideline annotate k8s/*.yaml --service api --write",
  ],
  load: async () => (await import("./run-annotate.js")).runAnnotate,
};
