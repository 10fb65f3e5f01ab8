/** What the Dockerfile, compose.yaml, the scripts and docs/deploying.md have to agree on. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { REPOSITORY } from "../../../../scripts/build-app.js";

interface Service {
  readonly build: {
    readonly target: string;
    readonly args: Readonly<Record<string, string>>;
  };
  readonly restart: string;
  readonly healthcheck: object;
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
}

let dockerfile: string;
let composeText: string;
let services: Readonly<Record<string, Service>>;
let volumes: readonly string[];
let guide: string;

beforeAll(async () => {
  const read = (path: string) => readFile(join(REPOSITORY, path), "utf8");
  dockerfile = await read("Dockerfile");
  composeText = await read("compose.yaml");
  guide = await read("docs/deploying.md");
  const compose = parse(composeText, { merge: true }) as {
    services: Record<string, Service>;
    volumes: Record<string, null>;
  };
  services = compose.services;
  volumes = Object.keys(compose.volumes);
});

/** The stages by their name, each with its instructions. */
function stages(): Map<string, string> {
  const parts = dockerfile.split(/^(?=FROM )/m).slice(1);
  return new Map(parts.map((part) => [/ AS (\S+)/.exec(part)?.[1] ?? "", part]));
}

test("every base is NODE_IMAGE, an exact version, or a stage before", () => {
  const [, image] = /^ARG NODE_IMAGE=(\S+)$/m.exec(dockerfile) ?? [];
  expect(image).toMatch(/^node:\d+\.\d+\.\d+-[a-z-]+$/);
  const known = ["$" + "{NODE_IMAGE}"];
  for (const [name, text] of stages()) {
    expect(known).toContain(/^FROM (\S+)/.exec(text)?.[1]);
    known.push(name);
  }
  // Compose names the same one where none is asked for.
  for (const { build } of Object.values(services)) {
    expect(build.args.NODE_IMAGE).toBe(`\${NODE_IMAGE:-${image}}`);
  }
});

test("every service builds a stage, and passes it only arguments that the build declares", () => {
  const declared = new Set(
    [...dockerfile.matchAll(/^ARG ([A-Z_]+)/gm)].map(([, name]) => name as string),
  );
  expect(Object.keys(services)).toEqual(["ledger", "web", "admin", "marketing"]);
  for (const [name, { build }] of Object.entries(services)) {
    expect([...stages().keys()]).toContain(build.target);
    for (const argument of Object.keys(build.args)) expect(declared).toContain(argument);
    if (name !== "ledger") expect(build.args.APP).toBe(name);
  }
});

test("every service comes back by itself, says how it is, and keeps what it has to keep", () => {
  for (const { restart, healthcheck, ports, volumes: mounted, build } of Object.values(services)) {
    expect(restart).toBe("unless-stopped");
    expect(healthcheck).toMatchObject({ start_interval: "1s" });
    for (const port of ports) expect(port).toMatch(/^\$\{TIDELINE_BIND:-127\.0\.0\.1\}:/);
    const [volume = "", path = ""] = mounted[0]?.split(":") ?? [];
    expect(volumes).toContain(volume);
    const stage = stages().get(build.target) ?? "";
    expect(stage).toContain(`\nVOLUME ${path}\n`);
    expect(stage).toMatch(/^HEALTHCHECK /m);
    expect(stage).toMatch(/^USER 1000:1000$/m);
  }
});

test("the ledger's image holds no version, so that an app's deployment does not restart it", () => {
  expect(stages().get("ledger")).not.toMatch(/^(ARG|LABEL)/m);
  expect(services.ledger?.build.args).not.toHaveProperty("SPOT_VERSION");
});

test("SPOT_VERSION goes from compose into the build, the image and its labels", () => {
  expect(services.web?.build.args.SPOT_VERSION).toBe("$" + "{SPOT_VERSION:-unknown}");
  const app = stages().get("app") ?? "";
  for (const line of ["ARG SPOT_VERSION=unknown", "ARG VERSION=$" + "{SPOT_VERSION}"]) {
    expect(app).toContain(`${line}\n`);
    expect(stages().get("build")).toContain(`${line}\n`);
  }
  expect(app).toContain("SPOT_VERSION=$" + "{VERSION}");
  expect(app).toContain('org.opencontainers.image.version="$' + '{VERSION}"');
});

test("git takes no part in a build, and its folder does not get in", async () => {
  expect(dockerfile.replace(/^#.*$/gm, "")).not.toMatch(/\bgit\b/);
  const ignored = (await readFile(join(REPOSITORY, ".dockerignore"), "utf8"))
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  // Everything is out that is not let in by name.
  expect(ignored[0]).toBe("*");
  const letIn = ignored.filter((line) => line.startsWith("!"));
  expect(letIn.filter((line) => /git|env|tideline|\*/.test(line))).toEqual([]);
});

test("every variable that compose reads is explained, beside it and in the guide", () => {
  const read = new Set([...composeText.matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name));
  const [head = ""] = composeText.split(/^name:/m);
  for (const name of read) {
    // What the build's id is, only its own bytes know; it is passed on for images of other kinds.
    if (name === "BUILD_ID") continue;
    expect(head).toContain(name);
    expect(guide).toContain(`\`${name}\``);
  }
});
