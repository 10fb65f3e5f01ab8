/** What the Dockerfile, compose.yaml, the scripts and docs/deploying.md have to agree on. */
import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
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
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
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
  expect(Object.keys(services)).toEqual(["ledger", "gateway", "web", "admin", "marketing"]);
  for (const [name, { build }] of Object.entries(services)) {
    expect([...stages().keys()]).toContain(build.target);
    for (const argument of Object.keys(build.args)) expect(declared).toContain(argument);
    if (build.target === "app") expect(build.args.APP).toBe(name);
  }
});

test("every service comes back by itself, says how it is, and keeps what it has to keep", () => {
  for (const { restart, healthcheck, ports, volumes: mounted, build } of Object.values(services)) {
    expect(restart).toBe("unless-stopped");
    expect(healthcheck).toMatchObject({ start_interval: "1s" });
    for (const port of ports) expect(port).toMatch(/^\$\{TIDELINE_BIND:-127\.0\.0\.1\}:/);
    const stage = stages().get(build.target) ?? "";
    const kept = (mounted ?? []).map((mount) => mount.split(":"));
    for (const [volume] of kept) expect(volumes).toContain(volume);
    expect([...stage.matchAll(/^VOLUME (.+)$/gm)].map(([, path]) => path)).toEqual(
      kept.map(([, path]) => path),
    );
    expect(stage).toMatch(/^HEALTHCHECK /m);
    expect(stage).toMatch(/^USER 1000:1000$/m);
  }
});

test.each(["ledger", "gateway"])(
  "the image of the %s holds no version, so that an app's deployment does not restart it",
  (name) => {
    expect(stages().get(name)).not.toMatch(/^(ARG|LABEL)/m);
    expect(Object.keys(services[name]?.build.args ?? {})).toEqual(["NODE_IMAGE"]);
  },
);

test("the gateway follows every app, listens where compose and the health check look, and marketing asks it", () => {
  const { gateway, marketing, ledger } = services;
  const apps = Object.entries(services).filter(([, { build }]) => build.target === "app");
  expect(gateway?.command).toEqual(
    apps.map(([name]) => `--target=${name}/\${TIDELINE_ENVIRONMENT:-local}`),
  );
  const stage = stages().get("gateway") ?? "";
  expect(stage).toContain("\nEXPOSE 8780\n");
  expect(stage).toMatch(/^HEALTHCHECK .*\n.*http:\/\/127\.0\.0\.1:8780\/healthz/m);
  expect(gateway?.ports[0]).toMatch(/:8780$/);
  expect(marketing?.environment?.TIDELINE_GATEWAY_URL).toBe("http://gateway:8780");
  expect(ledger?.ports[0]).toMatch(/:3210$/);
  expect(gateway?.environment?.CONVEX_URL).toBe("$" + "{CONVEX_URL:-http://ledger:3210}");
});

test("the gateway's program, bundled as its image has it, runs with nothing beside it", async () => {
  const stage = stages().get("gateway-program") ?? "";
  const [, command = ""] = /^RUN (npx esbuild [\s\S]*?)&&/m.exec(stage) ?? [];
  const folder = await mkdtemp(join(tmpdir(), "tideline-gateway-"));
  try {
    const bundle = command.replace("=/gateway/", `=${folder}/`).replaceAll("\\\n", " ");
    execFileSync("sh", ["-c", bundle], { cwd: REPOSITORY, stdio: "pipe" });
    const args = ["--convex-url", "http://127.0.0.1:9", "--target", "web/production"];
    const child = spawn(process.execPath, ["tideline-gateway.mjs", ...args, "--port", "0"], {
      cwd: folder,
    });
    let said = "";
    const closed = new Promise((resolve) => child.once("close", resolve));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (said.includes("Gateway listens on")) child.kill("SIGTERM");
      });
    }
    expect([await closed, said]).toEqual([0, expect.stringContaining("Gateway listens on")]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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
