/**
 * From an upstream's tag to a user's machine: a git server with two upstreams, a release host, a
 * developer's machine with both checkouts and a user's with none, each with its services and a
 * `tideline-sync watch` of its own.
 */
import { createHash, createHmac, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { privateKeyPem } from "@tideline/fleet";
import { stringify } from "yaml";
import { loadConfig } from "../../../fleet/src/config/load-config.js";
import {
  type RunningSupervisor,
  startSupervisor,
} from "../../../fleet/src/supervise/built-in/start-supervisor.js";
import { openSupervisor } from "../../../fleet/src/supervise/open-supervisor.js";
import { writeVersionFile } from "../../../fleet/src/swap/version-file.js";
import { GitHostRig, type HostedGit } from "../git-host-rig/index.js";
import { GIT_ENV, GitRig } from "../git-rig.js";
import { ReleaseHostRig } from "../release-host-rig/index.js";
import { readinessByNotes, serviceProgram, writeServiceProgram } from "../service-program/index.js";
import { SignedFleet } from "../signed-fleet.js";
import { runSync, type SyncProcess, startSync } from "../sync-process.js";

/** `fresh` is a developer's machine with the checkouts, and nothing installed yet. */
export type MachineName = "developer" | "user" | "fresh";

/** What the machines run. */
export const NAMES = ["nats", "arc"] as const;
export type Name = (typeof NAMES)[number];

const SECRET = "a-secret-of-40-characters-or-so";

/** One machine. */
export interface Machine {
  readonly folder: string;
  readonly watch: SyncProcess;
  readonly port: number;
}

/** Everything. */
export class DeveloperStreet {
  readonly git: GitHostRig;
  readonly host: ReleaseHostRig;
  readonly folder: string;
  readonly #fleet = new SignedFleet({ now: Date.now() });
  readonly #upstreams = new Map<Name, HostedGit>();
  readonly #commits = new Map<string, string>();
  readonly #supervisors = new Map<string, RunningSupervisor>();
  readonly #watches: SyncProcess[] = [];

  private constructor(folder: string, git: GitHostRig, host: ReleaseHostRig) {
    this.folder = folder;
    this.git = git;
    this.host = host;
  }

  /** Upstreams and machines at 1.0.0; nothing is published. */
  static async open(): Promise<DeveloperStreet> {
    const folder = await mkdtemp(join(tmpdir(), "tideline-developer-"));
    const street = new DeveloperStreet(
      folder,
      await GitHostRig.start(),
      await ReleaseHostRig.start(),
    );
    for (const name of NAMES) {
      street.#upstreams.set(name, await street.git.addRepository(name));
      await street.tag(name, "1.0.0");
    }
    return street;
  }

  /** A version goes upstream, with its tag; gives the commit. */
  async tag(name: Name, version: string, files: Readonly<Record<string, string>> = {}) {
    const upstream = this.#upstreams.get(name);
    if (upstream === undefined) throw new RangeError(`Cannot tag: no upstream "${name}"`);
    const program = serviceProgram({ name, version }).bytes.toString();
    const commit = await upstream.commit(`${name} ${version}`, { "program.sh": program, ...files });
    await upstream.tag(`v${version}`, { isAnnotated: true });
    this.#commits.set(`${name} ${version}`, commit);
    return commit;
  }

  /** Sets a machine up, its checkouts at 1.0.0; so are its services, which run. */
  async install(machine: MachineName): Promise<string> {
    const folder = join(this.folder, machine);
    for (const name of NAMES) {
      await mkdir(join(folder, name, "notes"), { recursive: true });
      if (machine !== "fresh") await this.#place(name, join(folder, name, ".bin", name));
      if (machine !== "user") await this.#clone(name, join(folder, name, ".src"));
    }
    await writeFile(join(folder, "sync.config.yaml"), stringify(this.#config(machine)));
    const keyset = JSON.stringify(this.#fleet.signKeyset());
    await writeFile(join(folder, "keyset.json"), keyset);
    const { supervisor } = await loadConfig(folder);
    if (supervisor.kind !== "built-in")
      throw new TypeError("Cannot run it: no built-in supervisor");
    this.#supervisors.set(machine, await startSupervisor(supervisor));
    return folder;
  }

  async #place(name: Name, binary: string): Promise<void> {
    const { sha256: checksum } = await writeServiceProgram(binary, { name, version: "1.0.0" });
    await writeVersionFile(dirname(binary), {
      ...{ commit: this.#commits.get(`${name} 1.0.0`) ?? null, timestamp: Date.UTC(2026, 0, 1) },
      ...{ checksum, version: "1.0.0", seq: null },
    });
  }

  /** Starts `tideline-sync watch` on it; it has looked at everything once when this resolves. */
  async watch(machine: MachineName): Promise<Machine> {
    const folder = join(this.folder, machine);
    const watch = await startSync(["watch", "--port", "0"], {
      cwd: folder,
      env: this.#env(machine),
    });
    this.#watches.push(watch);
    const [, port] = await watch.untilLine(/http:\/\/127\.0\.0\.1:(\d+)/);
    return { folder, watch, port: Number(port) };
  }

  /** Runs a command on a machine to its end. */
  async sync(machine: MachineName, ...args: readonly string[]) {
    return await runSync(args, { cwd: join(this.folder, machine), env: this.#env(machine) });
  }

  /** Sends a delivery as GitHub signs it; gives the status. */
  async deliver({ port }: Machine, name: Name, event: string, payload: object): Promise<number> {
    const body = JSON.stringify(payload);
    const signature = createHmac("sha256", SECRET).update(body).digest("hex");
    const answer = await fetch(`http://127.0.0.1:${port}/webhook/${name}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...{ "x-github-event": event, "x-github-delivery": randomUUID() },
        "x-hub-signature-256": `sha256=${signature}`,
      },
      body,
    });
    return answer.status;
  }

  /** The pid of a service; null while it does not run. */
  async pidOf(machine: MachineName, name: Name): Promise<number | null> {
    const supervisor = openSupervisor(
      {
        supervisor: {
          ...{ kind: "built-in", services: {} },
          socket: join(this.folder, machine, "supervisor.sock"),
        },
      },
      {},
    );
    const { signal } = new AbortController();
    return (await supervisor.inspect(name, signal)).pid;
  }

  async close(): Promise<void> {
    for (const { child, ended } of this.#watches) {
      child.kill("SIGTERM");
      await ended;
    }
    for (const supervisor of this.#supervisors.values()) await supervisor.close();
    await Promise.all([this.git.close(), this.host.close()]);
    await rm(this.folder, { recursive: true, force: true });
  }

  async #clone(name: Name, folder: string): Promise<void> {
    const url = this.#upstreams.get(name)?.url ?? "";
    await mkdir(folder, { recursive: true });
    const checkout = new GitRig(folder);
    await checkout.git("clone", "--quiet", url, ".");
    await checkout.git("checkout", "--quiet", "--detach", "v1.0.0");
  }

  #env(machine: MachineName): Record<string, string> {
    const [key] = this.#fleet.releaseKeys;
    if (machine === "user" || key === undefined) return { WEBHOOK_SECRET: SECRET };
    return {
      ...GIT_ENV,
      WEBHOOK_SECRET: SECRET,
      TIDELINE_RELEASE_TOKEN: this.host.token,
      TIDELINE_RELEASE_KEY: privateKeyPem(key),
    };
  }

  #config(machine: MachineName): object {
    return {
      trust: this.#fleet.trust,
      releases: { api: this.host.api, repository: this.host.repository.name },
      supervisor: {
        ...{ kind: "built-in", socket: "supervisor.sock" },
        services: Object.fromEntries(
          NAMES.map((name) => [
            name,
            {
              command: [`${name}/.bin/${name}`, "--notes", `${name}/notes`],
              readiness: readinessByNotes(join(this.folder, machine, name, "notes")),
            },
          ]),
        ),
      },
      subsystems: Object.fromEntries(
        NAMES.map((name) => [
          name,
          {
            upstream: { remotes: [this.#upstreams.get(name)?.url] },
            binary: `${name}/.bin/${name}`,
            service: name,
            health: { readyTimeout: "20s", soak: "100ms" },
            minimumAge: "0",
            ...(machine !== "user" && {
              source: {
                folder: `${name}/.src`,
                build: [
                  "mkdir -p dist",
                  `cp program.sh dist/${name}`,
                  `chmod +x dist/${name}`,
                  // What a build of somebody else's code must not see.
                  "env > dist/environment.txt",
                ],
                test: [`dist/${name} --version | grep "$TIDELINE_VERSION"`, "test ! -e broken"],
                output: `${name}/.src/dist/${name}`,
              },
            }),
          },
        ]),
      ),
    };
  }
}

/** Every file below a folder: its inode, its time and its bytes. */
export async function snapshot(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { ino, mtimeMs, mode } = await stat(path);
    const sha256 = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
    found[relative(folder, path)] = `${ino} ${mtimeMs} ${mode} ${sha256}`;
  }
  return found;
}
