/** The file as people write it, wrong in every way, and the same shape as editors know it. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KNOWN_KEYS } from "./config-schema.js";
import { loadConfig, requireConfig } from "./load-config.js";
import { parseConfig } from "./parse-config.js";

const WHOLE = `{
  "$schema": "./node_modules/@tideline/cli/tideline.config.schema.json",
  "versionFile": "./assets/version.json",
  "registry": "ghcr.io/acme",
  "shared": { "base": ["packages/**", "package-lock.json"] },
  "services": {
    "web": {
      "paths": ["apps/web", "!apps/web/docs"],
      "dependsOn": ["base"],
      "image": "web",
      "dist": "apps/web/dist/",
      "publicVariables": ["VITE_CONVEX_URL"]
    },
    "api": { "paths": ["services/api/**"], "dependsOn": ["base"], "image": "web", "context": "services/api" },
    "jobs": { "appName": "cron", "paths": ["jobs/*.ts"], "dependsOn": ["api"], "tagSuffix": ".cron" }
  },
  "environments": {
    "production": { "probes": { "web": "https://example.com/" }, "deploy": "./deploy.sh", "convexUrl": "https://a.convex.cloud/" },
    "staging": {}
  }
}
`;

test("a whole file is read, with every default filled in", async () => {
  const parsed = await parseConfig(WHOLE, "/repository/tideline.config.json");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { services, environments, shared, ...rest } = parsed.config;
  expect(rest).toEqual({
    path: "/repository/tideline.config.json",
    root: "/repository",
    versionFile: "assets/version.json",
    branch: "main",
    remote: "origin",
    tagPrefix: "v",
    releaseTagPrefix: "release/v",
    registry: "ghcr.io/acme",
  });
  expect([...shared]).toEqual([["base", ["packages/**", "package-lock.json"]]]);
  expect([...services.values()]).toEqual([
    {
      name: "web",
      appName: "web",
      paths: ["apps/web", "!apps/web/docs"],
      dependsOn: ["base"],
      isVersionSource: true,
      image: "web",
      tagSuffix: "",
      dockerfile: "Dockerfile",
      context: ".",
      publicVariables: ["VITE_CONVEX_URL"],
      dist: "apps/web/dist",
    },
    {
      name: "api",
      appName: "api",
      paths: ["services/api/**"],
      dependsOn: ["base"],
      isVersionSource: false,
      image: "web",
      tagSuffix: "-api",
      dockerfile: "Dockerfile",
      context: "services/api",
      publicVariables: [],
      dist: null,
    },
    {
      name: "jobs",
      appName: "cron",
      paths: ["jobs/*.ts"],
      dependsOn: ["api"],
      isVersionSource: false,
      image: null,
      tagSuffix: ".cron",
      dockerfile: null,
      context: ".",
      publicVariables: [],
      dist: null,
    },
  ]);
  expect([...environments.values()]).toEqual([
    {
      name: "production",
      probes: new Map([["web", "https://example.com/"]]),
      deploy: "./deploy.sh",
      convexUrl: "https://a.convex.cloud",
      convexSiteUrl: null,
    },
    { name: "staging", probes: new Map(), deploy: null, convexUrl: null, convexSiteUrl: null },
  ]);
});

/** The source of the version, by name, of services that are written so. */
const sourceOf = async (services: object) => {
  const parsed = await parseConfig(JSON.stringify({ services }), "/tideline.config.json");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return [...parsed.config.services.values()].find(({ isVersionSource }) => isVersionSource)?.name;
};

test("the version's source is the service that says so, else web, else the only one", async () => {
  const paths = ["a"];
  expect(await sourceOf({ web: { paths }, api: { paths, versionSource: true } })).toBe("api");
  expect(await sourceOf({ api: { paths }, web: { paths } })).toBe("web");
  expect(await sourceOf({ api: { paths } })).toBe("api");
  expect(await sourceOf({ api: { paths }, jobs: { paths } })).toBeUndefined();
  expect(await sourceOf({ web: { paths, versionSource: false }, api: { paths } })).toBeUndefined();
});

/** Files whose shape is wrong: an editor with the JSON Schema underlines them too. */
const WRONG_SHAPES: readonly [title: string, text: string, problems: readonly string[]][] = [
  [
    "an unknown key",
    '{\n  "services": {\n    "web": {\n      "paths": ["a"],\n      "dependOn": []\n    }\n  }\n}',
    [
      '5: services.web.dependOn: expected one of the keys appName, paths, dependsOn, versionSource, image, tagSuffix, dockerfile, context, publicVariables, dist, got "dependOn"; did you mean "dependsOn"?',
    ],
  ],
  [
    "an unknown key at the top that is like no other",
    '{ "services": { "web": { "paths": ["a"] } },\n"zebra": 1 }',
    [
      '2: zebra: expected one of the keys $schema, versionFile, branch, remote, tagPrefix, releaseTagPrefix, registry, shared, services, environments, got "zebra"',
    ],
  ],
  [
    "an unknown key of an environment",
    '{ "services": { "web": { "paths": ["a"] } },\n"environments": { "production": {\n"probe": {} } } }',
    [
      '3: environments.production.probe: expected one of the keys probes, deploy, convexUrl, convexSiteUrl, got "probe"; did you mean "probes"?',
    ],
  ],
  ["no services", '\n{ "branch": "main" }', ['2: expected the key "services", got none']],
  [
    "an empty set of services",
    '{\n"services": {} }',
    ["2: services: expected at least one service, got an empty object"],
  ],
  [
    "a service without paths",
    '{ "services": {\n"web": {\n"image": "web" } } }',
    ['2: services.web: expected the key "paths", got none'],
  ],
  [
    "a service with no path",
    '{ "services": { "web": {\n"paths": [] } } }',
    ['2: services.web.paths: expected at least one glob without "!" before it, got an empty list'],
  ],
  [
    "wrong types, all at once and by line",
    '{\n"branch": 1,\n"services": {\n"web": {\n"paths": "apps/web",\n"versionSource": "yes" },\n"api": [] },\n"shared": null }',
    [
      "2: branch: expected text in quotes, got 1",
      '5: services.web.paths: expected a list in "[]", got "apps/web"',
      '6: services.web.versionSource: expected true or false, got "yes"',
      '7: services.api: expected an object in "{}", got an empty list',
      '8: shared: expected an object in "{}", got null',
    ],
  ],
  ["a list at the top", "[]", ['1: expected an object in "{}", got an empty list']],
  [
    "an absolute path",
    '{ "services": { "web": { "paths": [\n"a",\n"/srv/app" ] } } }',
    [
      '3: services.web.paths.1: expected a glob from this file\'s folder, without ".." and without a leading "/", got "/srv/app"',
    ],
  ],
  [
    "a path that leads out",
    '{ "versionFile": "a/../../version.json",\n"services": { "web": { "paths": ["!../a", "b"], "dockerfile": "C:\\\\Dockerfile" } } }',
    [
      '1: versionFile: expected a path from this file\'s folder, without ".." and without a leading "/", got "a/../../version.json"',
      '2: services.web.paths.0: expected a glob from this file\'s folder, without ".." and without a leading "/", got "!../a"',
      '2: services.web.dockerfile: expected a path from this file\'s folder, without ".." and without a leading "/", got "C:\\\\Dockerfile"',
    ],
  ],
  [
    "bad addresses",
    '{ "services": { "web": { "paths": ["a"] } }, "environments": { "production": {\n"probes": { "web": "example.com" },\n"convexUrl": "ftp://example.com" } } }',
    [
      '2: environments.production.probes.web: expected an address that begins with http:// or https://, got "example.com"',
      '3: environments.production.convexUrl: expected an address that begins with http:// or https://, got "ftp://example.com"',
    ],
  ],
  [
    "a tag suffix with characters that tags may not have",
    '{ "services": { "web": { "paths": ["a"],\n"tagSuffix": "+web" } } }',
    [
      '2: services.web.tagSuffix: expected at most 64 of the characters that tags may have: letters, digits, "_", "." and "-", got "+web"',
    ],
  ],
  [
    "an image with a tag and a registry with a scheme",
    '{ "registry": "https://ghcr.io/acme",\n"services": { "web": { "paths": ["a"],\n"image": "web:latest" } } }',
    [
      '1: registry: expected a registry without "https://" and without a slash at its end, such as "ghcr.io/acme", got "https://ghcr.io/acme"',
      '3: services.web.image: expected an image\'s name of small letters, digits, ".", "_", "-" and "/", without registry and tag, got "web:latest"',
    ],
  ],
  [
    "names that the ledger, git or the environment would not take",
    '{ "branch": "--force",\n"tagPrefix": "a..b",\n"services": {\n"web app": { "paths": ["a"],\n"publicVariables": ["A-B"] } } }',
    [
      '1: branch: expected a name as git allows it for branches and tags, got "--force"',
      '2: tagPrefix: expected a name as git allows it for branches and tags, got "a..b"',
      '4: services.web app: expected a name of 1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit, got "web app"',
      '5: services.web app.publicVariables.0: expected the name of an environment variable, got "A-B"',
    ],
  ],
];

/** Files whose parts contradict each other, and files that are no JSON: only the loader knows. */
const WRONG_OTHERWISE: typeof WRONG_SHAPES = [
  [
    "a dependency that nobody has",
    '{ "shared": { "base": ["b"] }, "services": { "web": { "paths": ["a"],\n"dependsOn": ["base",\n"bse"] } } }',
    [
      '3: services.web.dependsOn.1: expected a service or a shared set of paths (web, base), got "bse"; did you mean "base"?',
    ],
  ],
  [
    "a cycle",
    '{ "services": { "web": { "paths": ["a"],\n"dependsOn": ["api"] },\n"api": { "paths": ["b"],\n"dependsOn": ["jobs"] }, "jobs": { "paths": ["c"], "dependsOn": ["api"] } } }',
    [
      "4: services.api.dependsOn: expected no service to depend on itself, got the cycle api → jobs → api",
    ],
  ],
  [
    "two services with one image and one suffix",
    '{ "services": { "web": { "paths": ["a"], "image": "app" },\n"api": { "paths": ["b"],\n"image": "app", "tagSuffix": "" } } }',
    [
      '3: services.api.image: expected an image and tagSuffix of its own, got "app:<version>", which "web" has too',
    ],
  ],
  [
    "two services with one name in the ledger",
    '{ "services": { "web": { "paths": ["a"] },\n"site": { "paths": ["b"],\n"appName": "web" } } }',
    ['3: services.site.appName: expected an appName of its own, got "web", which "web" has too'],
  ],
  [
    "two sources of the version",
    '{ "services": { "web": { "paths": ["a"], "versionSource": true },\n"api": { "paths": ["b"],\n"versionSource": true } } }',
    ['3: services.api.versionSource: expected one source of the version, got "web" and "api"'],
  ],
  [
    "a shared set with a service's name",
    '{ "services": { "web": { "paths": ["a"] } },\n"shared": {\n"web": ["b"] } }',
    ['3: shared.web: expected a name that no service has, got "web"'],
  ],
  [
    "a probe for a service that is not there",
    '{ "services": { "web": { "paths": ["a"] } }, "environments": { "staging": { "probes": {\n"wbe": "https://example.com" } } } }',
    [
      '2: environments.staging.probes.wbe: expected the name of a service (web), got "wbe"; did you mean "web"?',
    ],
  ],
  [
    "a service with a name that objects have already",
    '{\n"services": {\n"prototype": { "paths": ["a"] } } }',
    [
      '2: services: expected other names than "__proto__", "prototype" and "constructor", got an object',
    ],
  ],
  [
    "a key that stands twice",
    '{ "services": {\n"web": { "paths": ["a"] },\n"web": { "paths": ["b"] } } }',
    ['3: services: expected every key once, got "web" again'],
  ],
  [
    "a comma too many",
    '{\n"services": { "web": { "paths": ["a"] },\n} }',
    ['3: expected a key in double quotes, got "}"'],
  ],
  [
    "a comma too few",
    '{\n"branch": "main"\n"remote": "origin" }',
    ['3: expected "," or "}", got "remote"'],
  ],
  [
    "a comment",
    '{\n// our services\n"services": {} }',
    ['2: expected a key in double quotes or "}", got a comment'],
  ],
  [
    "single quotes",
    "{\n'services': {} }",
    ['2: expected a key in double quotes or "}", got a single quote'],
  ],
  [
    "YAML",
    "services:\n  web:\n    paths: [a]\n",
    [
      '1: expected a value in JSON (text in double quotes, a number, true, false, null, "{" or "["), got "services"',
    ],
  ],
  [
    "an end too early",
    '{ "services": {\n"web": { "paths": ["a"] }',
    ['2: expected "," or "}", got the end of the file'],
  ],
  [
    "an empty file",
    "",
    [
      '1: expected a value in JSON (text in double quotes, a number, true, false, null, "{" or "["), got the end of the file',
    ],
  ],
  [
    "something after the end",
    '{ "services": { "web": { "paths": ["a"] } } }\n}',
    ['2: expected the end, got "}"'],
  ],
];

test.each([...WRONG_SHAPES, ...WRONG_OTHERWISE])(
  "%s is told with its line",
  async (_, text, problems) => {
    const parsed = await parseConfig(text, "/tideline.config.json");
    expect(
      parsed.ok ? [] : parsed.problems.map(({ line, sentence }) => `${line}: ${sentence}`),
    ).toEqual(problems);
  },
);

describe("on disk", () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "tideline-config-"));
    await mkdir(join(root, "project/apps/web"), { recursive: true });
    await writeFile(
      join(root, "project/tideline.config.json"),
      `\uFEFF${WHOLE.replaceAll("\n", "\r\n")}`,
    );
    await mkdir(join(root, "wrong"));
    await writeFile(
      join(root, "wrong/tideline.config.json"),
      '{\n"brnch": "main",\n"registry": 1 }',
    );
    await mkdir(join(root, "odd/tideline.config.json"), { recursive: true });
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  test("the file is found in the folder and in those above it", async () => {
    const config = await loadConfig(join(root, "project/apps/web"));
    expect(config?.root).toBe(join(root, "project"));
    expect(config).toEqual(await requireConfig(join(root, "project"), "plan"));
  });

  test("without a file there is null, or a sentence for who needs it", async () => {
    expect(await loadConfig(root)).toBeNull();
    await expect(requireConfig(root, "plan")).rejects.toMatchObject({
      kind: "usage",
      message: `Cannot plan: expected a tideline.config.json in "${root}" or a folder above it, got none`,
    });
  });

  test("everything that is wrong is told, with file and line", async () => {
    await expect(loadConfig(join(root, "wrong"))).rejects.toMatchObject({
      kind: "usage",
      message: [
        'Cannot use tideline.config.json, line 1: expected the key "services", got none',
        'Cannot use tideline.config.json, line 2: brnch: expected one of the keys $schema, versionFile, branch, remote, tagPrefix, releaseTagPrefix, registry, shared, services, environments, got "brnch"; did you mean "branch"?',
        "Cannot use tideline.config.json, line 3: registry: expected text in quotes, got 1",
      ].join("\n"),
    });
  });

  test("a folder of that name is told", async () => {
    await expect(loadConfig(join(root, "odd"))).rejects.toMatchObject({
      kind: "usage",
      message: "Cannot use tideline.config.json: expected a file to read, got EISDIR",
    });
  });
});

describe("the JSON Schema for editors", () => {
  let schema: JsonSchema;
  beforeAll(async () => {
    const file = new URL("../../tideline.config.schema.json", import.meta.url);
    schema = JSON.parse(await readFile(file, "utf8"));
  });

  test("takes a whole file", () => {
    expect(fits(JSON.parse(WHOLE), schema, schema)).toBe(true);
  });

  test.each(WRONG_SHAPES)("refuses %s", (_, text) => {
    expect(fits(JSON.parse(text), schema, schema)).toBe(false);
  });

  test("knows the same keys as the loader, none more and none less", () => {
    const { service, environment } = schema.definitions ?? {};
    expect(Object.keys(schema.properties ?? {})).toEqual(KNOWN_KEYS[""]);
    expect(Object.keys(service?.properties ?? {})).toEqual(KNOWN_KEYS["services.*"]);
    expect(Object.keys(environment?.properties ?? {})).toEqual(KNOWN_KEYS["environments.*"]);
  });
});

/** What tideline.config.schema.json uses of JSON Schema. */
interface JsonSchema {
  readonly $ref?: string;
  readonly type?: "object" | "array" | "string" | "boolean";
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | false;
  readonly propertyNames?: JsonSchema;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  readonly items?: JsonSchema;
  readonly contains?: JsonSchema;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
}

/** Whether a value fits, by the rules of JSON Schema, draft 7. */
function fits(value: unknown, rule: JsonSchema, top: JsonSchema): boolean {
  const named = rule.$ref?.replace("#/definitions/", "");
  if (named !== undefined) return fits(value, top.definitions?.[named] ?? {}, top);
  const type = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
  if (rule.type !== undefined && rule.type !== type) return false;
  if (typeof value === "string") {
    return value.length >= (rule.minLength ?? 0) && new RegExp(rule.pattern ?? "", "u").test(value);
  }
  if (Array.isArray(value)) {
    const { items = {}, contains } = rule;
    return (
      value.every((item) => fits(item, items, top)) &&
      (contains === undefined || value.some((item) => fits(item, contains, top)))
    );
  }
  if (typeof value !== "object" || value === null) return true;
  const entries = Object.entries(value);
  return (
    entries.length >= (rule.minProperties ?? 0) &&
    (rule.required ?? []).every((key) => Object.hasOwn(value, key)) &&
    entries.every(([key, item]) => {
      if (!fits(key, rule.propertyNames ?? {}, top)) return false;
      const own = rule.properties?.[key] ?? rule.additionalProperties ?? {};
      return own !== false && fits(item, own, top);
    })
  );
}
