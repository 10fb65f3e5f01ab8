import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type LintInput, lintProcessCompose } from "./lint.js";
import { readFileProcess, readInfoProcess } from "./process-facts.js";

const GOOD = `
command: nats/.bin/nats-server -p 4222
readiness_probe: { http_get: { port: 8222, path: /healthz } }
shutdown: { timeout_seconds: 10 }
`;

describe("lintProcessCompose()", () => {
  it("finds nothing in a configuration that is well", () => {
    expect(codes({})).toEqual([]);
    expect(codes({ address: "unix:/run/pc.sock", version: "v1.123.0", token: null })).toEqual([]);
  });

  it.each([
    ["shutdown-timeout-missing", GOOD.replace(/shutdown.*/, "")],
    ["shutdown-timeout-missing", GOOD.replace("timeout_seconds: 10", "signal: 15")],
    ["binary-watched", `${GOOD}watch: { paths: [{ path: ./nats }] }`],
    [
      "binary-watched",
      `${GOOD}working_dir: /srv/nats\nwatch: { paths: [{ path: .bin/nats-server }] }`,
    ],
    ["binary-not-in-command", GOOD.replace(/command.*/, "command: task nats:run")],
    ["binary-not-in-command", GOOD.replace(".bin/nats-server", ".bin/nats-server-old")],
    ["readiness-missing", GOOD.replace(/readiness_probe.*/, "")],
    ["soak-too-short", GOOD.replace("/healthz }", "/healthz }, period_seconds: 31")],
    ["ends-project", `${GOOD}availability: { restart: exit_on_failure }`],
    ["ends-project", `${GOOD}availability: { exit_on_end: true }`],
    ["daemon", `${GOOD}is_daemon: true`],
  ])("%s, and says what mends it", (code, yaml) => {
    const findings = lintProcessCompose(input({}, yaml));
    expect(findings.map((finding) => finding.code)).toContain(code);
    for (const finding of findings) {
      expect(finding.service).toBe("nats");
      expect(finding.message).toContain("nats");
      expect(finding.fix).toMatch(/^(Set|Remove|Let|Give|Run) .*[^.]$/);
    }
  });

  it.each([
    ["an absolute path", GOOD.replace("nats/.bin", "/srv/nats/.bin")],
    ["a path from the working folder", `${GOOD.replace("nats/.bin", "./.bin")}working_dir: nats`],
    ["a shell line", GOOD.replace(/command.*/, "command: cd /srv && exec nats/.bin/nats-server")],
    ["a list", GOOD.replace(/command.*/, "entrypoint: [nats/.bin/nats-server, -p, '4222']")],
    ["a watch that looks elsewhere", `${GOOD}watch: { paths: [{ path: ./nats/etc }] }`],
    ["a line of the log as readiness", GOOD.replace(/readiness_probe.*/, "ready_log_line: ready")],
  ])("takes %s", (_, yaml) => {
    expect(lintProcessCompose(input({}, yaml))).toEqual([]);
  });

  it("names the processes there are when the one of a subsystem is missing", () => {
    const [finding] = lintProcessCompose({ ...input({}), processes: { arc: null, sync: null } });
    expect(finding).toMatchObject({
      code: "service-missing",
      message:
        'process-compose has no process "nats", which subsystem "nats" names; it has arc, sync',
    });
  });

  it("row 21: port 8080 is process-compose itself, and that is said", () => {
    const [finding] = lintProcessCompose(input({ webhook: { host: "127.0.0.1", port: 8080 } }));
    expect(finding).toEqual({
      ...{ code: "port-taken", level: "error", service: null },
      message:
        "Port 8080, which is to receive webhooks, is taken by process-compose's own API (http://127.0.0.1:8080)",
      fix: "Set webhook.port in sync.config.yaml to another one, such as 8787, or let process-compose listen on a unix socket (-U)",
    });
  });

  it("names another program that has the webhook's port", () => {
    expect(lintProcessCompose(input({ webhookListener: "nginx (pid 41)" }))[0]?.message).toBe(
      "Port 8787, which is to receive webhooks, is taken by nginx (pid 41)",
    );
  });

  it.each([
    ["v1.109.9", ["version-too-old"]],
    ["1.110.0", ["version-not-recommended"]],
    ["v1.120.0", ["version-not-recommended"]],
    ["v1.122.0", []],
    ["undefined", []],
  ])("of version %s it finds %j", (version, expected) => {
    expect(codes({ version })).toEqual(expected);
  });

  it.each([
    [null, []],
    ["x".repeat(19), ["token-too-short"]],
    ["x".repeat(20), []],
  ])("of the token %j it finds %j", (token, expected) => {
    expect(codes({ token })).toEqual(expected);
  });

  it("reads what process-compose says of itself in the same way", () => {
    const info = {
      name: "nats",
      command: "exec nats/.bin/nats-server",
      readinessProbe: { exec: { command: "true" }, periodSeconds: 1 },
      restartPolicy: { restart: 3 },
      shutDownParams: {},
      executable: "bash",
    };
    const processes = { nats: readInfoProcess(info, "/srv") };
    const findings = lintProcessCompose({ ...input({}), processes });
    expect(findings.map(({ code }) => code)).toEqual(["shutdown-timeout-missing", "ends-project"]);
  });

  it("leaves what it cannot read to process-compose", () => {
    expect(readFileProcess({ command: 7 }, "/srv")).toBeNull();
    expect(readInfoProcess("no", "/srv")).toBeNull();
    expect(lintProcessCompose({ ...input({}), processes: { nats: null } })).toEqual([]);
  });
});

function input(change: Partial<LintInput>, yaml = GOOD): LintInput {
  return {
    address: "http://127.0.0.1:8080",
    version: "v1.122.0",
    token: "a-token-of-more-than-20",
    processes: { nats: readFileProcess(parse(yaml), "/srv") },
    managed: [
      { name: "nats", service: "nats", binary: "/srv/nats/.bin/nats-server", soakMs: 60_000 },
    ],
    webhook: { host: "127.0.0.1", port: 8787 },
    webhookListener: null,
    ...change,
  };
}

function codes(change: Partial<LintInput>): string[] {
  return lintProcessCompose(input(change)).map(({ code }) => code);
}
