import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "../../../../scripts/build-sync.js";

// A version that nothing else in the bundle has, so that it can be replaced in the text.
const TEMPLATE_VERSION = "0.0.77001";

/** What is wrong with a build; it says its version all the same, so that it passes the exec test. */
export type SyncFault =
  /** Ends at once as a service. */
  | "crashes-at-start"
  /** Never gets as far as listening. */
  | "hangs"
  /** Is up and well, and ends with 3 while it is watched. */
  | "dies-while-watched";

const FAULTS: Readonly<Record<SyncFault, string>> = {
  "crashes-at-start": `if (process.argv[2] === "watch") throw new Error("a broken build");`,
  hangs: `if (process.argv[2] === "watch") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`,
  // By the journal of its own update: by the clock it could be before anybody watches.
  "dies-while-watched": `if (process.argv[2] === "watch") {
const { readFileSync } = process.getBuiltinModule("node:fs");
const state = () => {
  try { return JSON.parse(readFileSync(".tideline-sync/journal/sync.json", "utf8")).state; } catch {}
};
setInterval(() => state() === "soaking" && process.exit(3), 10);
}`,
};

/** `tideline-sync` as one file in several versions: bundled once, with another version in each. */
export class SyncBuilds {
  readonly folder: string;
  readonly #text: string;

  private constructor(folder: string, text: string) {
    this.folder = folder;
    this.#text = text;
  }

  static async make(): Promise<SyncBuilds> {
    const folder = await mkdtemp(join(tmpdir(), "tideline-builds-"));
    const outFile = join(folder, "template");
    await buildSync({ outFile, version: TEMPLATE_VERSION });
    return new SyncBuilds(folder, await readFile(outFile, "utf8"));
  }

  /** The text of a build. */
  text(version: string, fault: SyncFault | null = null): string {
    const text = this.#text.replaceAll(TEMPLATE_VERSION, version);
    return fault === null ? text : text.replace('"use strict";', `"use strict";\n${FAULTS[fault]}`);
  }

  /** Writes a build, executable. @returns Its path. */
  async write(version: string, fault: SyncFault | null = null): Promise<string> {
    const path = join(this.folder, `tideline-sync-${version}-${fault ?? "good"}`);
    await writeFile(path, this.text(version, fault), { mode: 0o755 });
    return path;
  }

  async dispose(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
