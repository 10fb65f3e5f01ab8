/** The file as people write it, wrong in every way, and the same shape as editors know it. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KNOWN_KEYS } from "./config-schema.js";
import { parseDuration } from "./duration.js";
import { loadConfig } from "./load-config.js";
import { parseConfig } from "./parse-config.js";

const ROOT_A = `${"A".repeat(43)}=`;
const ROOT_B = `${"B".repeat(43)}=`;

const WHOLE = `# yaml-language-server: $schema=./node_modules/@tideline/fleet/sync.config.schema.json
state: ../state
machine: { name: workshop-12, channel: beta }
ledger: { url: https://happy-otter-123.convex.cloud/ }
trust: { roots: ["${ROOT_A}", "${ROOT_B}"], threshold: 2 }
releases: { repository: acme/binaries }
supervisor:
  kind: built-in
  services:
    nats:
      command: [bin/nats-server, -p, "4222"]
      folder: nats
      environment: { LEVEL: debug }
      readiness: { http: http://127.0.0.1:8222/healthz }
      shutdownTimeout: 2.5s
webhook: { port: 0 }
subsystems:
  nats: &defaults
    upstream:
      remotes: [https://github.com/nats-io/nats-server/, https://example.com/mirror]
      strategy: releases
      prereleases: true
    override: v2.10.24
    source: { folder: nats/.src, build: [go build], test: [go test ./...], output: nats/.out/nats-server }
    package: { format: zip }
    binary: nats/.bin/nats-server
    versionArgs: [-v]
    health: { readyTimeout: 10s, soak: 0, check: { command: [./check, nats] } }
    automatic: patch
    minimumAge: 7d
    window: "22:00-05:00"
  tool:
    binary: /opt/tool/bin/tool
    service: null
`;

const DEFAULTS = "subsystems:\n  nats:\n    binary: .bin/nats\n";

function parse(text: string) {
  return parseConfig(text, "/srv/plat/sync.config.yaml", "host-7");
}

function problemsOf(text: string): string[] {
  const parsed = parse(text);
  return parsed.ok ? [] : parsed.problems.map(({ line, sentence }) => `${line}: ${sentence}`);
}

test("a whole file is read, with paths made absolute", () => {
  const parsed = parse(WHOLE);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  expect(parsed.config).toEqual({
    path: "/srv/plat/sync.config.yaml",
    folder: "/srv/plat",
    state: "/srv/state",
    machine: { name: "workshop-12", channel: "beta" },
    ledger: { url: "https://happy-otter-123.convex.cloud" },
    trust: { roots: [ROOT_A, ROOT_B], threshold: 2, acceptUnsigned: false },
    releases: { kind: "github", api: "https://api.github.com", repository: "acme/binaries" },
    supervisor: {
      kind: "built-in",
      socket: "/srv/state/supervisor.sock",
      services: {
        nats: {
          command: ["bin/nats-server", "-p", "4222"],
          folder: "/srv/plat/nats",
          environment: { LEVEL: "debug" },
          readiness: { http: "http://127.0.0.1:8222/healthz" },
          shutdownTimeoutMs: 2500,
        },
      },
    },
    webhook: { host: "127.0.0.1", port: 0 },
    subsystems: {
      nats: {
        name: "nats",
        upstream: {
          remotes: ["https://github.com/nats-io/nats-server", "https://example.com/mirror"],
          ...{ branch: "main", strategy: "releases", tagPrefix: "v", prereleases: true },
        },
        override: "v2.10.24",
        source: {
          folder: "/srv/plat/nats/.src",
          ...{ build: ["go build"], test: ["go test ./..."] },
          output: "/srv/plat/nats/.out/nats-server",
        },
        package: { format: "zip", fileName: "{name}-{version}-{platform}.zip" },
        binary: "/srv/plat/nats/.bin/nats-server",
        versionArgs: ["-v"],
        service: "nats",
        health: { readyTimeoutMs: 10_000, soakMs: 0, check: { command: ["./check", "nats"] } },
        automatic: "patch",
        minimumAgeMs: 7 * 86_400_000,
        window: "22:00-05:00",
      },
      tool: expect.objectContaining({ binary: "/opt/tool/bin/tool", service: null }),
    },
  });
});

test("a file of one binary has every default", () => {
  const parsed = parse(DEFAULTS);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { subsystems, ...rest } = parsed.config;
  expect(rest).toEqual({
    ...{ path: "/srv/plat/sync.config.yaml", folder: "/srv/plat" },
    state: "/srv/plat/.tideline-sync",
    machine: { name: "host-7", channel: "stable" },
    ledger: null,
    trust: { roots: [], threshold: 1, acceptUnsigned: false },
    releases: null,
    supervisor: { kind: "process-compose", address: "http://127.0.0.1:8080" },
    webhook: { host: "127.0.0.1", port: 8787 },
  });
  expect(subsystems.nats).toEqual({
    ...{ name: "nats", upstream: null, override: null, source: null },
    package: { format: "tar.gz", fileName: "{name}-{version}-{platform}.tar.gz" },
    binary: "/srv/plat/.bin/nats",
    versionArgs: ["--version"],
    service: "nats",
    health: { readyTimeoutMs: 30_000, soakMs: 60_000, check: null },
    ...{ automatic: null, minimumAgeMs: 0, window: null },
  });
});

test("what has an upstream waits for a day by itself", () => {
  const parsed = parse(`${DEFAULTS}    upstream: { remotes: [https://example.com/nats] }\n`);
  expect(parsed).toMatchObject({ config: { subsystems: { nats: { minimumAgeMs: 86_400_000 } } } });
});

const SUPERVISORS: [string, object][] = [
  ["{ kind: process-compose }", { kind: "process-compose", address: "http://127.0.0.1:8080" }],
  [
    "{ kind: process-compose, address: unix:run/pc.sock }",
    { kind: "process-compose", address: "unix:/srv/plat/run/pc.sock" },
  ],
  ["{ kind: systemd }", { kind: "systemd", scope: "system" }],
  ["{ kind: systemd, scope: user }", { kind: "systemd", scope: "user" }],
];
test.each(SUPERVISORS)("supervisor: %s", (text, supervisor) => {
  expect(parse(`supervisor: ${text}\n${DEFAULTS}`)).toMatchObject({ config: { supervisor } });
});

const SUB = "subsystems:\n  nats:\n    binary: a\n";
/** Each is one mistake in a file that is right otherwise. */
const WRONG_SHAPES: [mistake: string, text: string, problem: string][] = [
  [
    "no subsystem",
    "subsystems: {}",
    "1: subsystems: expected at least one subsystem, got an empty object",
  ],
  ["no subsystems at all", "state: a", '1: expected the key "subsystems", got none'],
  ["a list", "- a", "1: expected an object of keys and values, got a list"],
  [
    "a misspelt key",
    `webhok: { port: 1 }\n${SUB}`,
    '1: webhok: expected one of the keys $schema, state, machine, ledger, trust, releases, supervisor, webhook, subsystems, got "webhok"; did you mean "webhook"?',
  ],
  [
    "a misspelt key of a subsystem",
    `${SUB}    automtic: minor`,
    '4: subsystems.nats.automtic: expected one of the keys upstream, override, source, package, binary, versionArgs, service, health, automatic, minimumAge, window, got "automtic"; did you mean "automatic"?',
  ],
  [
    "a misspelt key in an upstream",
    `${SUB}    upstream:\n      remotes: [https://a.example]\n      stratgy: tags`,
    '6: subsystems.nats.upstream.stratgy: expected one of the keys remotes, branch, strategy, tagPrefix, prereleases, got "stratgy"; did you mean "strategy"?',
  ],
  [
    "a secret in the file",
    `webhook:\n  secret: abc\n${SUB}`,
    '2: webhook.secret: expected no secrets in this file, got "secret"; they are read from the environment',
  ],
  [
    "no binary",
    "subsystems:\n  nats: {}",
    '2: subsystems.nats: expected the key "binary", got none',
  ],
  [
    "a name with a slash",
    "subsystems:\n  a/b: { binary: a }",
    '2: subsystems.a/b: expected a name of 1 to 64 small letters, digits, ".", "_" or "-", beginning with a letter or digit, got "a/b"',
  ],
  [
    "a number for a text",
    `${SUB}    override: 1.10`,
    "4: subsystems.nats.override: expected text (in quotes, if it looks like a number), got 1.1",
  ],
  [
    "a duration without a unit",
    `${SUB}    health: { soak: 60 }`,
    '4: subsystems.nats.health.soak: expected a duration such as "30s", "10m", "24h" or "7d", got 60',
  ],
  [
    "an ssh remote",
    `${SUB}    upstream: { remotes: ["git@github.com:a/b"] }`,
    '4: subsystems.nats.upstream.remotes.0: expected an address that begins with https:// (or http:// on this machine) and holds no password, got "git@github.com:a/b"',
  ],
  [
    "plain http elsewhere",
    `ledger: { url: http://ledger.example }\n${SUB}`,
    '1: ledger.url: expected an address that begins with https:// (or http:// on this machine) and holds no password, got "http://ledger.example"',
  ],
  [
    "no remotes",
    `${SUB}    upstream: { remotes: [] }`,
    "4: subsystems.nats.upstream.remotes: expected at least one remote, got an empty list",
  ],
  [
    "another strategy",
    `${SUB}    upstream: { remotes: [https://a.example], strategy: tag }`,
    '4: subsystems.nats.upstream.strategy: expected "tags", "commits" or "releases", got "tag"',
  ],
  [
    "a window that is none",
    `${SUB}    window: 2-5`,
    '4: subsystems.nats.window: expected a time of day such as "02:00-05:00", got "2-5"',
  ],
  [
    "a port that is none",
    `webhook: { port: 70000 }\n${SUB}`,
    "1: webhook.port: expected a port from 0 to 65535, got 70000",
  ],
  [
    "a supervisor of another kind",
    `supervisor: { kind: runit }\n${SUB}`,
    '1: supervisor.kind: expected the key "kind" with "process-compose", "systemd" or "built-in", got "runit"',
  ],
  [
    "a check of both kinds",
    `${SUB}    health: { check: { http: http://a, command: [b] } }`,
    '4: subsystems.nats.health.check: expected either "http" with an address or "command" with a list of words, got an object',
  ],
  [
    "a root that is no key",
    `trust: { roots: [abc] }\n${SUB}`,
    '1: trust.roots.0: expected the 44 characters of a public key, as `tideline-sync keys` prints them, got "abc"',
  ],
  [
    "a file name without the platform",
    `${SUB}    package: { fileName: "{name}.tar.gz" }`,
    '4: subsystems.nats.package.fileName: expected a file name that holds "{platform}", got "{name}.tar.gz"',
  ],
  [
    "a repository without an owner",
    `releases: { repository: binaries }\n${SUB}`,
    '1: releases.repository: expected owner and repository, such as "acme/binaries", got "binaries"',
  ],
  [
    "no",
    `trust: { acceptUnsigned: no }\n${SUB}`,
    '1: trust.acceptUnsigned: expected true or false, got "no"',
  ],
];
test.each(WRONG_SHAPES)("%s is refused with its line", (_, text, problem) => {
  expect(problemsOf(text)).toEqual([problem]);
});

const CONTRADICTIONS: [mistake: string, text: string, problem: string][] = [
  [
    "a binary that is the root",
    "subsystems:\n  a: { binary: / }",
    '2: subsystems.a.binary: expected a file, got the folder "/"',
  ],
  [
    "a binary that is the configuration's folder",
    "subsystems:\n  a: { binary: . }",
    '2: subsystems.a.binary: expected a file, got the folder "."',
  ],
  [
    "a binary that is written as a folder",
    "subsystems:\n  a: { binary: a/.bin/ }",
    '2: subsystems.a.binary: expected a file, got the folder "a/.bin/"',
  ],
  [
    "two subsystems with one folder",
    "subsystems:\n  a: { binary: x }\n  b: { binary: ./y }",
    '3: subsystems.b.binary: expected a binary in a folder of its own, got "/srv/plat/y", where "a" has its own too',
  ],
  [
    "a build over the live binary",
    `${SUB}    source: { folder: s, build: [make], output: a }`,
    '4: subsystems.nats.source.output: expected another place than the live binary, got "/srv/plat/a"',
  ],
  [
    "two names with one variable",
    "subsystems:\n  a-b: { binary: a/x }\n  a_b: { binary: b/y }",
    '3: subsystems.a_b: expected a name that differs from "a-b" in more than ".", "_" and "-", got "a_b"',
  ],
  [
    "a service that nothing runs",
    `supervisor: { kind: built-in, services: { natz: { command: [a] } } }\n${SUB}`,
    '3: subsystems.nats: expected a service of supervisor.services (natz), got "nats"; did you mean "natz"?',
  ],
  [
    "more roots asked for than there are",
    `trust:\n  roots: ["${ROOT_A}"]\n  threshold: 2\n${SUB}`,
    "3: trust.threshold: expected at most as many as there are roots (1), got 2",
  ],
  [
    "one root twice",
    `trust: { roots: ["${ROOT_A}", "${ROOT_A}"] }\n${SUB}`,
    "1: trust.roots: expected every root once, got one again",
  ],
];
test.each(CONTRADICTIONS)("%s is refused with its line", (_, text, problem) => {
  expect(problemsOf(text)).toEqual([problem]);
});

const NO_YAML: [mistake: string, text: string, problem: RegExp][] = [
  ["an empty file", "", /^1: expected .*an object.*, got nothing$/],
  ["a key twice", `${SUB}  nats: { binary: b }`, /^4: expected YAML, got a mistake: .*unique/],
  ["a tab", "subsystems:\n\tnats: {}", /^2: expected YAML, got a mistake: /],
  ["a bracket that is never closed", `state: [a\n${SUB}`, /^\d: expected YAML, got a mistake: /],
  ["two documents", `${SUB}---\n${SUB}`, /^4: expected one document, got another after "---"$/],
  ["an unknown tag", `state: !!js/function a\n${SUB}`, /^1: expected YAML, got a mistake: /],
  [
    "aliases that multiply each other",
    `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]`,
    /Excessive alias count/,
  ],
];
test.each(NO_YAML)("%s is refused with its line", (_, text, problem) => {
  expect(problemsOf(text)[0]).toMatch(problem);
});

test("every mistake is told at once, in the order of the lines", () => {
  const text = `webhook: { port: -1 }\n${SUB}    window: x\n    binry: b\ntrust: { threshold: 0 }\n`;
  expect(problemsOf(text).map((problem) => problem.split(":")[0])).toEqual(["1", "5", "6", "7"]);
});

test.each([
  ["30s", 30_000],
  ["10m", 600_000],
  ["24h", 86_400_000],
  ["7d", 604_800_000],
  ["500ms", 500],
  ["1.5h", 5_400_000],
  ["10 s", 10_000],
  [0, 0],
  ["0", 0],
  [60, null],
  ["", null],
  ["-1s", null],
  ["1w", null],
  ["s", null],
  ["99999d", null],
  [null, null],
])("the duration %j is %j ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

describe("on disk", () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "tideline-sync-config-"));
    await mkdir(join(root, "project/deep"), { recursive: true });
    // As Windows writes it.
    const text = `\uFEFF${WHOLE.replaceAll("\n", "\r\n")}`;
    await writeFile(join(root, "project/sync.config.yaml"), text);
    await mkdir(join(root, "wrong"));
    await writeFile(join(root, "wrong/sync.config.yaml"), "webhok: 1\nsubsystems: {}\n");
    await mkdir(join(root, "odd/sync.config.yaml"), { recursive: true });
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  test("the file is found in the folder and in those above it, or by its name", async () => {
    const config = await loadConfig(join(root, "project/deep"));
    expect(config.folder).toBe(join(root, "project"));
    expect(await loadConfig("project/sync.config.yaml", root)).toEqual(config);
  });

  test("without a file there is one sentence", async () => {
    await expect(loadConfig(root)).rejects.toMatchObject({
      name: "UsageError",
      message: `Cannot go on: expected a sync.config.yaml in "${root}" or a folder above it, got none`,
      nextStep: expect.stringMatching(/`tideline-sync install` .* `--config FILE`/),
    });
    await expect(loadConfig("none.yaml", root)).rejects.toThrow(
      "Cannot use none.yaml: expected a file to read, got ENOENT",
    );
  });

  test("everything that is wrong is told, with file and line", async () => {
    await expect(loadConfig(join(root, "wrong"), root)).rejects.toThrow(
      /^Cannot use wrong\/sync\.config\.yaml, line 1: webhok: .*\nCannot use wrong\/sync\.config\.yaml, line 2: subsystems: /,
    );
  });

  test("a folder of that name is told", async () => {
    await expect(loadConfig(join(root, "odd"))).rejects.toThrow("got EISDIR");
  });
});

describe("sync.config.schema.json", () => {
  let schema: JsonSchema;
  beforeAll(async () => {
    const file = new URL("../../sync.config.schema.json", import.meta.url);
    schema = JSON.parse(await readFile(file, "utf8"));
  });

  test("knows the same keys as the loader, none more and none less", () => {
    const keys = (name: string) => Object.keys(schema.definitions?.[name]?.properties ?? {});
    expect(Object.keys(schema.properties ?? {})).toEqual(KNOWN_KEYS[""]);
    for (const [place, expected] of Object.entries(KNOWN_KEYS)) {
      const name = { "subsystems.*": "subsystem", "supervisor.services.*": "service" }[place];
      const last = name ?? place.split(".").at(-1) ?? "";
      if (place === "" || place === "supervisor") continue;
      expect(keys(last), place).toEqual(expected);
    }
    const supervisors = schema.definitions?.supervisor?.oneOf ?? [];
    expect([...new Set(supervisors.flatMap((one) => Object.keys(one.properties ?? {})))]).toEqual(
      KNOWN_KEYS.supervisor,
    );
  });
});

/** What the test looks at of JSON Schema. */
interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
  readonly oneOf?: readonly JsonSchema[];
}
