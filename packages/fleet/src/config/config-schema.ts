/**
 * The shape of `sync.config.yaml`. Each message is what was expected, for the middle of a sentence.
 * What one part says of another is in check-config.ts; defaults are filled in by fill-in-config.ts;
 * the same shape for editors is in sync.config.schema.json.
 */
import * as v from "valibot";
import { DURATION_FORM, parseDuration } from "./duration.js";

/** What is wrong with an address that is safe enough to fetch from, or null. */
export function isSafeAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, username, password } = new URL(address);
  if (username !== "" || password !== "") return false;
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

// With valibot a list passes for an object, and three names are left out of records in silence.
const object = v.pipe(
  v.unknown(),
  v.check(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    "Object",
  ),
  v.check(
    (value) =>
      !["__proto__", "prototype", "constructor"].some((name) =>
        Object.hasOwn(value as object, name),
      ),
    'other names than "__proto__", "prototype" and "constructor"',
  ),
);

const text = v.pipe(v.string(), v.minLength(1, "some text"));

const duration = v.pipe(
  v.unknown(),
  v.check((value) => parseDuration(value) !== null, DURATION_FORM),
  v.transform((value) => parseDuration(value) ?? 0),
);

const address = v.pipe(
  v.string(),
  v.check(
    isSafeAddress,
    "an address that begins with https:// (or http:// on this machine) and holds no password",
  ),
);

/** Also the name of files and of an environment variable. */
const name = v.pipe(
  v.string(),
  v.regex(
    /^[a-z0-9][a-z0-9._-]{0,63}$/,
    'a name of 1 to 64 small letters, digits, ".", "_" or "-", beginning with a letter or digit',
  ),
);

// git check-ref-format, without what nobody needs; a leading "-" would be taken for an option.
const ref = v.pipe(
  v.string(),
  v.check(
    (ref) => /^[A-Za-z0-9][\w./@+-]*$/.test(ref) && !/\.\.|\/\/|@\{|\.lock$|\/$|\.$/.test(ref),
    "a name as git allows it for branches and tags",
  ),
);

const texts = v.array(text);

/** A command as a list of words: no shell takes it apart. */
const command = v.pipe(texts, v.minLength(1, "a command with at least one word"));

const probe = v.union(
  [
    v.strictObject({ http: v.pipe(v.string(), v.check(isHttp, "http")) }),
    v.strictObject({ command }),
  ],
  'either "http" with an address or "command" with a list of words',
);

function isHttp(address: string): boolean {
  return URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
}

const serviceShape = v.strictObject({
  command,
  folder: v.optional(text),
  environment: v.optional(v.pipe(object, v.record(v.string(), v.string()))),
  readiness: v.optional(v.nullable(probe)),
  shutdownTimeout: v.optional(duration),
});

const upstreamShape = v.strictObject({
  remotes: v.pipe(v.array(address), v.minLength(1, "at least one remote")),
  branch: v.optional(ref),
  strategy: v.optional(
    v.picklist(["tags", "commits", "releases"], '"tags", "commits" or "releases"'),
  ),
  tagPrefix: v.optional(
    v.pipe(v.string(), v.regex(/^[\w./@+-]{0,100}$/, "what stands before the version in a tag")),
  ),
  prereleases: v.optional(v.boolean()),
});

const sourceShape = v.strictObject({
  folder: text,
  build: v.pipe(texts, v.minLength(1, "at least one command")),
  test: v.optional(texts),
  output: text,
});

const packageShape = v.strictObject({
  format: v.optional(v.picklist(["raw", "gz", "tar.gz", "zip"], '"raw", "gz", "tar.gz" or "zip"')),
  fileName: v.optional(
    v.pipe(
      v.string(),
      v.regex(
        /^(?:\{(?:name|version|platform)\}|[\w.+-])+$/,
        'a file name of letters, digits, ".", "_", "+", "-", "{name}", "{version}" and "{platform}"',
      ),
      v.check((name) => name.includes("{platform}"), 'a file name that holds "{platform}"'),
    ),
  ),
});

const healthShape = v.strictObject({
  readyTimeout: v.optional(duration),
  soak: v.optional(duration),
  check: v.optional(v.nullable(probe)),
});

const subsystemShape = v.strictObject({
  upstream: v.optional(v.nullable(v.pipe(object, upstreamShape))),
  override: v.optional(v.nullable(ref)),
  source: v.optional(v.nullable(v.pipe(object, sourceShape))),
  package: v.optional(v.pipe(object, packageShape)),
  binary: text,
  versionArgs: v.optional(texts),
  service: v.optional(v.nullable(text)),
  health: v.optional(v.pipe(object, healthShape)),
  automatic: v.optional(
    v.picklist(["major", "minor", "patch", "none"], '"major", "minor", "patch" or "none"'),
  ),
  minimumAge: v.optional(duration),
  window: v.optional(
    v.nullable(
      v.pipe(
        v.string(),
        v.regex(
          /^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/,
          'a time of day such as "02:00-05:00"',
        ),
        v.check((window) => window.slice(0, 5) !== window.slice(6), "a window that is not empty"),
      ),
    ),
  ),
});

const supervisorShapes = {
  "process-compose": v.strictObject({
    kind: v.literal("process-compose"),
    address: v.optional(
      v.pipe(
        v.string(),
        v.check(
          (address) => /^unix:.+/.test(address) || isSafeAddress(address),
          '"http://127.0.0.1:8080", another address, or "unix:" and the path of a socket',
        ),
      ),
    ),
  }),
  systemd: v.strictObject({
    kind: v.literal("systemd"),
    scope: v.optional(v.picklist(["system", "user"], '"system" or "user"')),
  }),
  "built-in": v.strictObject({
    kind: v.literal("built-in"),
    socket: v.optional(text),
    services: v.optional(v.pipe(object, v.record(name, v.pipe(object, serviceShape)))),
  }),
} as const;

const machineShape = v.strictObject({ name: v.optional(text), channel: v.optional(name) });
const ledgerShape = v.strictObject({ url: address });
const trustShape = v.strictObject({
  roots: v.optional(
    v.array(
      v.pipe(
        v.string(),
        v.check(
          (key) => /^[A-Za-z0-9+/]{43}=$/.test(key),
          "the 44 characters of a public key, as `tideline-sync keys` prints them",
        ),
      ),
    ),
  ),
  threshold: v.optional(
    v.pipe(v.number(), v.integer("a whole number"), v.minValue(1, "1 or more")),
  ),
  acceptUnsigned: v.optional(v.boolean()),
});
const releasesShape = v.strictObject({
  kind: v.optional(v.literal("github", '"github"')),
  api: v.optional(address),
  repository: v.pipe(
    v.string(),
    v.regex(/^[A-Za-z0-9][\w.-]*\/[\w.-]+$/, 'owner and repository, such as "acme/binaries"'),
  ),
});
const webhookShape = v.strictObject({
  host: v.optional(text),
  port: v.optional(
    v.pipe(
      v.number(),
      v.integer("a port from 0 to 65535"),
      v.minValue(0, "a port from 0 to 65535"),
      v.maxValue(65_535, "a port from 0 to 65535"),
    ),
  ),
});

const fileShape = v.strictObject({
  $schema: v.optional(v.string()),
  state: v.optional(text),
  machine: v.optional(v.pipe(object, machineShape)),
  ledger: v.optional(v.nullable(v.pipe(object, ledgerShape))),
  trust: v.optional(v.pipe(object, trustShape)),
  releases: v.optional(v.nullable(v.pipe(object, releasesShape))),
  supervisor: v.optional(
    v.pipe(
      object,
      v.variant(
        "kind",
        Object.values(supervisorShapes),
        'the key "kind" with "process-compose", "systemd" or "built-in"',
      ),
    ),
  ),
  webhook: v.optional(v.pipe(object, webhookShape)),
  subsystems: v.pipe(
    object,
    v.record(name, v.pipe(object, subsystemShape)),
    v.check((subsystems) => Object.keys(subsystems).length > 0, "at least one subsystem"),
  ),
});

/** The file. */
export const configSchema = v.pipe(object, fileShape);

/** The file as it was written, once its shape is right. */
export type ConfigFile = v.InferOutput<typeof configSchema>;

/** The keys that objects of the file may have, by where they are; "*" stands for any name. */
export const KNOWN_KEYS: Readonly<Record<string, readonly string[]>> = {
  "": Object.keys(fileShape.entries),
  machine: Object.keys(machineShape.entries),
  ledger: Object.keys(ledgerShape.entries),
  trust: Object.keys(trustShape.entries),
  releases: Object.keys(releasesShape.entries),
  webhook: Object.keys(webhookShape.entries),
  supervisor: [
    ...new Set(Object.values(supervisorShapes).flatMap(({ entries }) => Object.keys(entries))),
  ],
  "supervisor.services.*": Object.keys(serviceShape.entries),
  "subsystems.*": Object.keys(subsystemShape.entries),
  "subsystems.*.upstream": Object.keys(upstreamShape.entries),
  "subsystems.*.source": Object.keys(sourceShape.entries),
  "subsystems.*.package": Object.keys(packageShape.entries),
  "subsystems.*.health": Object.keys(healthShape.entries),
};
