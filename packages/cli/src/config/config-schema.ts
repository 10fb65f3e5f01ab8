/**
 * The shape of `tideline.config.json`. Each message is what was expected, for the middle of a
 * sentence. What one part says of another is in check-config.ts; the same shape for editors is in
 * tideline.config.schema.json.
 */
import { isTargetName } from "@tideline/version";
import * as v from "valibot";

// With valibot a list passes for an object, and three names are left out of records in silence.
const object = v.pipe(
  v.unknown(),
  v.check((value) => !Array.isArray(value), 'an object in "{}"'),
  v.check(
    (value) =>
      typeof value !== "object" ||
      value === null ||
      !["__proto__", "prototype", "constructor"].some((name) => Object.hasOwn(value, name)),
    'other names than "__proto__", "prototype" and "constructor"',
  ),
);

const text = v.pipe(v.string(), v.minLength(1, "some text"));

const name = v.pipe(
  v.string(),
  v.check(
    isTargetName,
    'a name of 1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit',
  ),
);

/** A path from the file's folder that stays inside it. */
const path = v.pipe(
  v.string(),
  v.check(isInside, 'a path from this file\'s folder, without ".." and without a leading "/"'),
);

/** A glob like a path, or one with "!" before it, which takes files out again. */
const glob = v.pipe(
  v.string(),
  v.check(
    (glob) => isInside(glob.replace(/^!/, "")),
    'a glob from this file\'s folder, without ".." and without a leading "/"',
  ),
);

const globs = v.pipe(
  v.array(glob),
  v.check(
    (globs) => globs.some((glob) => !glob.startsWith("!")),
    'at least one glob without "!" before it',
  ),
);

const address = v.pipe(
  v.string(),
  v.check(
    (url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol),
    "an address that begins with http:// or https://",
  ),
);

// git check-ref-format, without what nobody needs; a leading "-" would be taken for an option.
const ref = v.pipe(
  v.string(),
  v.check(
    (ref) => /^[A-Za-z0-9][\w./@+-]*$/.test(ref) && !/\.\.|\/\/|@\{|\.lock$/.test(ref),
    "a name as git allows it for branches and tags",
  ),
);

const serviceShape = v.strictObject({
  appName: v.optional(name),
  paths: globs,
  dependsOn: v.optional(v.array(v.string())),
  versionSource: v.optional(v.boolean()),
  // The OCI distribution specification, "Pulling manifests": <name>.
  image: v.optional(
    v.pipe(
      v.string(),
      v.regex(
        /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/,
        'an image\'s name of small letters, digits, ".", "_", "-" and "/", without registry and tag',
      ),
    ),
  ),
  // The same, <reference>: at most 128 characters, of which a version needs its share.
  tagSuffix: v.optional(
    v.pipe(
      v.string(),
      v.regex(
        /^[A-Za-z0-9_.-]{0,64}$/,
        'at most 64 of the characters that tags may have: letters, digits, "_", "." and "-"',
      ),
    ),
  ),
  dockerfile: v.optional(path),
  context: v.optional(path),
  publicVariables: v.optional(
    v.array(v.pipe(v.string(), v.regex(/^[A-Za-z_]\w*$/, "the name of an environment variable"))),
  ),
  dist: v.optional(path),
});

const environmentShape = v.strictObject({
  probes: v.optional(v.pipe(object, v.record(v.string(), address))),
  deploy: v.optional(text),
  convexUrl: v.optional(address),
  convexSiteUrl: v.optional(address),
});

const service = v.pipe(object, serviceShape);
const environment = v.pipe(object, environmentShape);

const fileShape = v.strictObject({
  $schema: v.optional(v.string()),
  versionFile: v.optional(path),
  branch: v.optional(ref),
  remote: v.optional(ref),
  tagPrefix: v.optional(ref),
  releaseTagPrefix: v.optional(ref),
  registry: v.optional(
    v.pipe(
      v.string(),
      v.regex(
        /^[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/,
        'a registry without "https://" and without a slash at its end, such as "ghcr.io/acme"',
      ),
    ),
  ),
  shared: v.optional(v.pipe(object, v.record(name, globs))),
  services: v.pipe(
    object,
    v.record(name, service),
    v.check((services) => Object.keys(services).length > 0, "at least one service"),
  ),
  environments: v.optional(v.pipe(object, v.record(name, environment))),
});

/** The file. */
export const configSchema = v.pipe(object, fileShape);

/** The file as it was written, once its shape is right. */
export type ConfigFile = v.InferOutput<typeof configSchema>;

/** The keys that objects of the file may have, by where they are; "*" stands for any name. */
export const KNOWN_KEYS: Readonly<Record<string, readonly string[]>> = {
  "": Object.keys(fileShape.entries),
  "services.*": Object.keys(serviceShape.entries),
  "environments.*": Object.keys(environmentShape.entries),
};

function isInside(path: string): boolean {
  return (
    path !== "" &&
    !path.startsWith("/") &&
    !/^[A-Za-z]:/.test(path) &&
    !path.startsWith("\\") &&
    !path.split(/[/\\]/).includes("..")
  );
}
