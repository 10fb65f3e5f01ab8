import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type BuiltCli, buildCli, runCli } from "@tideline/testing/built-cli";
import { GIT_ENV, GitRig } from "@tideline/testing/git-rig";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";

const DIGEST = `sha256:${"ab".repeat(32)}`;
const IMAGE = `ghcr.io/acme/api@${DIGEST}`;
const RUN = {
  GITHUB_SERVER_URL: "https://github.com",
  GITHUB_REPOSITORY: "acme/shop",
  GITHUB_RUN_ID: "77",
};

const MANIFEST = `# The shop's own interface
apiVersion: v1
kind: Service
metadata:
  name: api
spec:
  selector: {app: api}   # never the version
  ports:
  - port:   80
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api   # as everywhere
  labels:
    app: api
    # who wakes up
    team: 'shop'


spec:
  replicas: 2
  selector:
    matchLabels: { app: api }
  template:
    metadata:
      labels:
        app: api
    spec:
      containers:
        - name: sidecar
          image: "envoy:1"
        - name: api
          image: ghcr.io/acme/api:4.20.4-api
          args: [ "--listen",   "0.0.0.0" ]
`;

const ANNOTATED = `# The shop's own interface
apiVersion: v1
kind: Service
metadata:
  name: api
spec:
  selector: {app: api}   # never the version
  ports:
  - port:   80
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api   # as everywhere
  labels:
    app: api
    # who wakes up
    team: 'shop'
    app.kubernetes.io/version: "4.20.5_rc7"
  annotations:
    kubernetes.io/change-cause: "CAUSE"
    dev.tideline.build-id: "0011223344556677"


spec:
  replicas: 2
  selector:
    matchLabels: { app: api }
  template:
    metadata:
      labels:
        app: api
        app.kubernetes.io/version: "4.20.5_rc7"
      annotations:
        kubernetes.io/change-cause: "CAUSE"
        dev.tideline.build-id: "0011223344556677"
    spec:
      containers:
        - name: sidecar
          image: "envoy:1"
        - name: api
          image: IMAGE
          args: [ "--listen",   "0.0.0.0" ]
`;

let cli: BuiltCli;
let git: GitRig;
let commit: string;
beforeAll(async () => {
  cli = await buildCli();
}, 120_000);
afterAll(() => cli?.dispose());
beforeEach(async () => {
  git = await GitRig.create();
  commit = await git.commit("The shop opens", {
    "tideline.config.json": JSON.stringify({
      registry: "ghcr.io/acme",
      services: { api: { paths: ["api/**"], image: "api" } },
    }),
    "api/server.txt": "one",
  });
});
afterEach(() => git.dispose());

const ids = ["--version", "4.20.5+rc7", "--build-id", "0011223344556677"];

function annotate(...args: readonly string[]) {
  const env = { ...GIT_ENV, ...RUN };
  return runCli(cli, ["annotate", ...args, "--service", "api"], { cwd: git.folder, env });
}

/** Annotates one text, and gives what is printed. */
async function annotateText(text: string, ...args: readonly string[]) {
  await git.write({ "k8s.yaml": text });
  return await annotate("k8s.yaml", ...ids, ...args);
}

describe("tideline annotate", () => {
  it("adds label, cause, build id and image, and changes no other character", async () => {
    const run = await annotateText(MANIFEST, "--image", IMAGE);
    expect(run.code).toBe(0);
    const cause = `api 4.20.5+rc7 ${commit} https://github.com/acme/shop/actions/runs/77`;
    expect(run.stdout).toBe(ANNOTATED.replaceAll("CAUSE", cause).replace("IMAGE", IMAGE));
    expect(await readFile(join(git.folder, "k8s.yaml"), "utf8")).toBe(MANIFEST);
  });

  it("--write changes the file, and a second time nothing", async () => {
    const first = await annotateText(MANIFEST, "--image", IMAGE, "--write");
    expect(first.stdout).toBe("Changed k8s.yaml\n");
    const written = await readFile(join(git.folder, "k8s.yaml"), "utf8");
    expect(written).toContain(`image: ${IMAGE}`);
    const again = await annotate("k8s.yaml", ...ids, "--image", IMAGE, "--write");
    expect(again).toMatchObject({ code: 0, stdout: "Changed nothing\n" });
    expect(await readFile(join(git.folder, "k8s.yaml"), "utf8")).toBe(written);
  });

  it("follows from version to version without anything left over", async () => {
    await annotateText(MANIFEST, "--image", IMAGE, "--write");
    const next = ["--version", "4.21.0", "--build-id", "8899aabbccddeeff", "--write"];
    expect((await annotate("k8s.yaml", ...next)).code).toBe(0);
    const written = await readFile(join(git.folder, "k8s.yaml"), "utf8");
    expect(written).not.toMatch(/4\.20\.5|00112233/);
    expect(written.match(/app\.kubernetes\.io\/version: "4\.21\.0"/g)).toHaveLength(2);
    expect(written).toContain(`image: ${IMAGE}`);
  });

  it.each([
    ["StatefulSet", "spec: { template: TEMPLATE }"],
    ["DaemonSet", "spec: { template: TEMPLATE }"],
    ["Job", "spec: { template: TEMPLATE }"],
    ["CronJob", 'spec: { schedule: "@daily", jobTemplate: { spec: { template: TEMPLATE } } }'],
  ])("%s has it on the object and on the pods", async (kind, spec) => {
    const template = "{ spec: { containers: [{ name: api, image: 'x:1' }] } }";
    const text = `kind: ${kind}\nmetadata: {name: nightly}\n${spec.replace("TEMPLATE", template)}\n`;
    const run = await annotateText(text, "--image", IMAGE);
    expect(run.code, run.stderr).toBe(0);
    const [document] = parseAllDocuments(run.stdout);
    const path = kind === "CronJob" ? ["spec", "jobTemplate", "spec"] : ["spec"];
    for (const at of [[], [...path, "template"]]) {
      expect(
        (document as unknown as { getIn(path: string[]): unknown }).getIn([
          ...at,
          ...["metadata", "labels", "app.kubernetes.io/version"],
        ]),
      ).toBe("4.20.5_rc7");
    }
    expect(run.stdout).toContain(`image: '${IMAGE}'`);
  });

  it.each([
    ["an empty map", "metadata:\n  name: api\n  labels: {}\n  annotations:\n"],
    ["a null", "metadata:\n  name: api\n  labels: null\n  annotations: ~ # none\n"],
    [
      "text over several lines",
      "metadata:\n  name: api\n  annotations:\n    note: |\n      two\n      lines\n",
    ],
    [
      "a number for a version",
      "metadata:\n  name: api\n  labels: {app.kubernetes.io/version: 4.20}\n",
    ],
    ["no metadata", ""],
    ["Windows' line ends", "metadata:\r\n  name: api\r\n  labels:\r\n    app: api\r\n"],
  ])("takes %s where it adds", async (_case, metadata) => {
    const end = metadata.includes("\r") ? "\r\n" : "\n";
    const spec = ["spec:", "  template:", "    spec:", "      containers:", "      - name: api"];
    const text = `kind: Deployment${end}${metadata}${spec.join(end)}`;
    const run = await annotateText(text, "--image", IMAGE);
    expect(run.code, run.stderr).toBe(0);
    const json = parseAllDocuments(run.stdout)[0]?.toJS() as Record<string, never>;
    expect(json).toMatchObject({
      metadata: { labels: { "app.kubernetes.io/version": "4.20.5_rc7" } },
      spec: { template: { spec: { containers: [{ name: "api", image: IMAGE }] } } },
    });
    if (end === "\r\n") expect(run.stdout.replaceAll("\r\n", "")).not.toMatch(/\n./);
  });

  it("leaves other services' workloads and other kinds as they are", async () => {
    const other = MANIFEST.replaceAll("name: api", "name: other").replace(
      "ghcr.io/acme/api:4.20.4-api",
      "redis:7",
    );
    const run = await annotateText(`${MANIFEST}---\n${other}`, "--image", IMAGE);
    expect(run.code).toBe(0);
    expect(run.stdout.endsWith(`---\n${other}`)).toBe(true);
  });

  it.each([
    ["a Service", "kind: Service\nspec:\n  selector:\n    app: api\n    LABEL: 1\n", 5],
    ["a Deployment", "kind: Deployment\nspec:\n  selector:\n    matchLabels: { LABEL: '1' }\n", 4],
    ["a budget", "kind: PodDisruptionBudget\nspec:\n  selector: {matchLabels: {LABEL: x}}\n", 3],
    [
      "a policy",
      "kind: NetworkPolicy\nspec:\n  podSelector:\n    matchLabels:\n      LABEL: x\n",
      5,
    ],
    [
      "a policy's rule",
      "kind: NetworkPolicy\nspec:\n  ingress:\n  - from:\n    - podSelector: {matchLabels: {LABEL: x}}\n",
      5,
    ],
    [
      "an expression",
      "kind: StatefulSet\nspec:\n  selector:\n    matchExpressions:\n    - {key: LABEL, operator: Exists}\n",
      5,
    ],
  ])("refuses %s that selects by version, with file and line", async (_case, text, line) => {
    const selecting = text.replace("LABEL", "app.kubernetes.io/version");
    await git.write({ "k8s.yaml": MANIFEST, "policy.yaml": selecting });
    const run = await annotate("k8s.yaml", "policy.yaml", ...ids, "--write");
    expect(run.code).toBe(3);
    expect(run.stderr).toMatch(
      new RegExp(`^Cannot annotate policy.yaml, line ${line}: expected no selector with `, "m"),
    );
    // Nothing half done: the file that was right is as it was.
    expect(await readFile(join(git.folder, "k8s.yaml"), "utf8")).toBe(MANIFEST);
  });

  it("refuses labels that a selector shares by an alias", async () => {
    const text = MANIFEST.replace(
      "matchLabels: { app: api }",
      "matchLabels: &labels { app: api }",
    ).replace("      labels:\n        app: api\n", "      labels: *labels\n");
    expect(text).toContain("*labels");
    const run = await annotateText(text);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/^Cannot annotate k8s.yaml, line \d+: expected "labels" to stand/m);

    const reversed = MANIFEST.replace(
      "  labels:\n    app: api\n",
      "  labels: &labels\n    app: api\n",
    ).replace("matchLabels: { app: api }", "matchLabels: *labels");
    const shared = await annotateText(reversed);
    expect(shared.code).toBe(2);
    expect(shared.stderr).toContain("that other places share by an alias");
  });

  it.each([
    ["unquoted", "          image: {{ .Values.image }}"],
    ["in quotes", '          image: "{{ .Values.image }}"'],
    ["as a line of its own", "{{- if .Values.on }}\n          image: x\n{{- end }}"],
  ])("refuses a Helm template, %s", async (_case, line) => {
    const text = MANIFEST.replace("          image: ghcr.io/acme/api:4.20.4-api", line);
    const run = await annotateText(text);
    expect(run.code).toBe(3);
    expect(run.stderr).toContain("got a template with");
  });

  it("takes braces in what other programs read", async () => {
    const alerts = "---\nkind: ConfigMap\ndata:\n  text: 'Pod {{ $labels.pod }} is slow'\n";
    expect((await annotateText(`${MANIFEST}${alerts}`)).code).toBe(0);
  });

  it.each([
    [["--image", "ghcr.io/acme/api:latest"], "expected an image by digest"],
    [["--image", "ghcr.io/acme/api@sha256:12"], "64 hex digits"],
    [["--version", `1.0.0-${"x".repeat(57)}.`], "1 to 63 letters"],
  ])("asks for what it can use: %j", async (args, sentence) => {
    await git.write({ "k8s.yaml": MANIFEST });
    const run = await annotate("k8s.yaml", ...args);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(sentence);
  });

  it("names the containers there are where none is the service's", async () => {
    const text = MANIFEST.replace("- name: api", "- name: web").replace("acme/api", "acme/web");
    const run = await annotateText(text);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(
      'named "api" or of the image "ghcr.io/acme/api", got "sidecar", "web"',
    );
    const named = await annotate("k8s.yaml", ...ids, "--container", "web");
    expect(named.code).toBe(0);
  });

  it("says which line is no YAML, and that a file is missing", async () => {
    const broken = await annotateText(`${MANIFEST}---\na: [1\nb: 2\n`);
    expect(broken.code).toBe(2);
    expect(broken.stderr).toMatch(/^Cannot annotate k8s.yaml, line \d+: expected YAML/m);
    const missing = await annotate("nowhere.yaml", ...ids);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain("Cannot annotate nowhere.yaml: expected a file, got ENOENT");
  });
});

describe("what kubectl makes of it", () => {
  const run = promisify(execFile);

  it("reads every object, and takes the label's value that we give and not the one we do not", async (context) => {
    const isThere = await run("kubectl", ["version", "--client"]).then(
      () => true,
      () => false,
    );
    if (!isThere) {
      const sentence = "kubectl is not installed: nobody but us has read the annotated manifests";
      if (process.env.CI) throw new Error(sentence);
      process.stderr.write(`${sentence}\n`);
      context.skip();
    }
    const folder = await mkdtemp(join(tmpdir(), "tideline-kubectl-"));
    try {
      await mkdir(join(folder, "home"));
      const { stdout } = await annotateText(MANIFEST, "--image", IMAGE);
      const file = join(folder, "k8s.yaml");
      await writeFile(file, stdout);
      const kubectl = async (...args: string[]) => {
        const env = { PATH: process.env.PATH, HOME: join(folder, "home"), KUBECONFIG: "/dev/null" };
        return (await run("kubectl", args, { env })).stdout;
      };
      const local = ["--local", "--filename", file];
      const label = "app.kubernetes.io/version=4.20.5_rc7";
      // It prints one object after the other without a "---" between them.
      const printed = await kubectl("label", ...local, "-o=yaml", label, "--overwrite");
      const read = printed
        .split(/^(?=apiVersion:)/m)
        .map((text) => parseAllDocuments(text)[0]?.toJS() as { readonly kind: string });
      expect(read.map(({ kind }) => kind)).toEqual(["Service", "Deployment"]);
      expect(read[1]).toMatchObject({
        metadata: { labels: { "app.kubernetes.io/version": "4.20.5_rc7" } },
        spec: {
          selector: { matchLabels: { app: "api" } },
          template: { spec: { containers: [{ name: "sidecar" }, { name: "api", image: IMAGE }] } },
        },
      });
      // What we refuse or change, kubectl refuses.
      await expect(
        kubectl("label", ...local, "app.kubernetes.io/version=4.20.5+rc7", "--overwrite"),
      ).rejects.toThrow(/invalid label value/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
