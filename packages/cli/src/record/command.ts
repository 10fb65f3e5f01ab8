import { type Command, EVERYWHERE } from "../command.js";

/** `tideline record`. */
export const recordCommand: Command = {
  help: "Record that a build is live now",
  options: {
    dist: { value: "dir", help: 'The artifact, with its version.json (default "dist")' },
    file: { value: "path", help: "The version.json itself, where it lies elsewhere" },
    label: { value: "version", help: "A build without version.json: its version is its identity" },
    published: {
      value: "url",
      bare: "probe",
      help: "The address that serves it, whose stamp is read (alone: that of --probe)",
    },
    service: { value: "name", help: "What tideline.config.json says of this service" },
    app: { value: "name", help: "TIDELINE_APP, APP_NAME, else the stamp's" },
    environment: { value: "name", help: "TIDELINE_ENVIRONMENT, else the stamp's" },
    url: { value: "url", help: "The Convex deployment: CONVEX_URL, CONVEX_SELF_HOSTED_URL" },
    "site-url": { value: "url", help: "Its HTTP actions: CONVEX_SITE_URL" },
    probe: {
      value: "url",
      isMany: true,
      help: "Announce, wait until this address serves the build, then record (several: all must)",
    },
    "probe-interval": { value: "seconds", help: "The pause between two looks (default 2)" },
    "allow-rollback": { help: "Allow a commit that was live before and is not now" },
    severity: { value: "level", help: '"normal" (default) or "critical"' },
    notes: { value: "text", help: "A sentence for those who are told of the update" },
    "inputs-id": { value: "id", help: "The fingerprint of its inputs, as tideline plan says it" },
    "image-digest": { value: "sha256:…", help: "The image that runs" },
    "as-of-epoch": {
      value: "n",
      help: "Record only while the target is at this epoch (or the build is live)",
    },
    "idempotency-key": { value: "key", help: "Equal keys record once (default: this CI job's)" },
    announce: { help: "Say that the build is on its way, and record nothing yet" },
    abort: { help: "End an announcement without a deployment" },
    timeout: {
      value: "seconds",
      help: "How long to try in all (default 60; 300 to wait for an address)",
    },
    "github-deployment": {
      help: "Tell GitHub of it too, with GITHUB_TOKEN (TIDELINE_GITHUB_DEPLOYMENT=1)",
    },
    "dry-run": { help: "Show what would be sent, and send nothing" },
    ...EVERYWHERE,
  },
  examples: [
    "tideline record --dist apps/web/dist --environment production",
    "tideline record --probe https://example.com/ --published --environment production",
    "tideline record --severity critical --notes 'Fixes lost drafts'",
  ],
  load: async () => (await import("./run-record.js")).runRecord,
};
