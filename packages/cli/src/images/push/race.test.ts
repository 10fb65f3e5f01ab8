/** Two pushers of one tag, held where it matters by a proxy before the registry. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ImageBuilder, LocalRegistry, readDigest } from "@tideline/testing/registry-rig";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageTags } from "../image-tags.js";
import { parseRepository } from "../registry/image-name.js";
import { skopeo } from "../registry/skopeo.js";
import { type PushedImage, pushImage } from "./push-image.js";

let registry: LocalRegistry;
let builder: ImageBuilder;
let folder: string;
const images: { source: string; digest: string }[] = [];
beforeAll(async () => {
  builder = await ImageBuilder.create();
  folder = await mkdtemp(join(tmpdir(), "tideline-context-"));
  for (const content of ["one", "two"]) {
    await writeFile(join(folder, "Dockerfile"), `FROM scratch\nCOPY Dockerfile /\n# ${content}\n`);
    const source = await builder.build(folder, [], { timestamp: 1_700_000_000 });
    images.push({ source, digest: await readDigest(source) });
  }
  registry = await LocalRegistry.start();
}, 120_000);
afterAll(async () => {
  await Promise.all([registry?.dispose(), builder?.dispose()]);
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

/** What waits before a request goes on, and hears when it was answered. */
interface Gate {
  readonly before?: (method: string, path: string) => Promise<void> | undefined;
  readonly after?: (method: string, path: string) => void;
  /** Answered as a registry does that keeps tags from changing. */
  readonly refuses?: (method: string, path: string) => boolean;
}

const IMMUTABLE = JSON.stringify({
  errors: [{ code: "TAG_INVALID", message: "the tag exists and cannot be overwritten" }],
});

/** A pusher with its own way to the registry. */
async function pusher(image: number, name: string, gate: Gate) {
  const proxy: Server = createServer((incoming, outgoing) => {
    const { method = "GET", url = "/", headers } = incoming;
    const path = url.replace(/\?.*$/, "");
    const forward = () => {
      if (gate.refuses?.(method, path)) {
        outgoing.writeHead(400, { "content-type": "application/json" }).end(IMMUTABLE);
        return;
      }
      const [host, port] = registry.host.split(":");
      const onward = request({ host, port, method, path: url, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        answer.once("end", () => gate.after?.(method, path));
      });
      incoming.pipe(onward);
    };
    const wait = gate.before?.(method, path);
    if (wait === undefined) forward();
    else void wait.then(forward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const place = { cwd: folder, env: process.env, signal: new AbortController().signal };
  const push = async (): Promise<PushedImage> =>
    await pushImage(skopeo(place, { isInsecure: false }), {
      repository: parseRepository(`${host}/acme/${name}`),
      tags: imageTags({ version: "1.0.0", commit: null, tagSuffix: "" }),
      tagSuffix: "",
      version: "1.0.0",
      source: images[image]?.source ?? "",
      expectedDigest: null,
      isLatestForced: false,
      isDryRun: false,
    });
  const close = () => {
    proxy.closeAllConnections();
    proxy.close();
  };
  return { push: () => push().finally(close) };
}

/** A promise, and what ends it. */
function signal(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((end) => {
    resolve = end;
  });
  return { promise, resolve };
}

const standing = (name: string) => readDigest(`docker://${registry.host}/acme/${name}:1.0.0`);

describe("two pushers of different images for one tag", () => {
  it("the one whose layers take longer finds the other's tag, and leaves it", async () => {
    const fast = await pusher(1, "layers", {});
    let won: Promise<PushedImage> | undefined;
    const slow = await pusher(0, "layers", {
      before: (method) => {
        if (method !== "POST") return undefined;
        won ??= fast.push();
        return won.then(() => undefined);
      },
    });
    await expect(slow.push()).rejects.toMatchObject({
      kind: "conflict",
      message: expect.stringMatching(/expected "1\.0\.0" to be absent .*no tag was changed$/),
    });
    expect((await won)?.digest).toBe(images[1]?.digest);
    expect(await standing("layers")).toBe(images[1]?.digest);
  });

  it.each([
    ["first", 0],
    ["second", 1],
  ])(
    "the one that was overwritten in the same moment hears of it, the %s begins late",
    async (_, late) => {
      const tag = "/manifests/1.0.0";
      const name = `moment-${late}`;
      const [bothLooked, firstWrote, secondWrote] = [signal(), signal(), signal()];
      const isAtPut = [signal(), signal()] as const;
      void Promise.all(isAtPut.map(({ promise }) => promise)).then(bothLooked.resolve);
      let hasWritten = false;
      const first = await pusher(0, name, {
        before: (method, path) => {
          if (!path.endsWith(tag)) return undefined;
          if (method === "GET") return hasWritten ? secondWrote.promise : undefined;
          if (method !== "PUT") return undefined;
          // Not before the other has looked, or that one would find the tag and write nothing.
          isAtPut[0].resolve();
          return bothLooked.promise;
        },
        after: (method, path) => {
          if (method !== "PUT" || !path.endsWith(tag)) return;
          hasWritten = true;
          firstWrote.resolve();
        },
      });
      const second = await pusher(1, name, {
        // It looked, found nothing, and is about to write.
        before: (method, path) => {
          if (method !== "PUT" || !path.endsWith(tag)) return undefined;
          isAtPut[1].resolve();
          return firstWrote.promise;
        },
        after: (method, path) => {
          if (method === "PUT" && path.endsWith(tag)) secondWrote.resolve();
        },
      });
      const pushes = [first, second].map(async ({ push }, index) => {
        if (index === late) await isAtPut[1 - index]?.promise;
        return await push();
      });
      const [lost, won] = await Promise.allSettled(pushes);
      expect(won).toMatchObject({ status: "fulfilled", value: { digest: images[1]?.digest } });
      expect(lost).toMatchObject({
        status: "rejected",
        reason: {
          kind: "conflict",
          message: expect.stringMatching(/somebody else wrote it at the same moment/),
        },
      });
      expect(await standing(name)).toBe(images[1]?.digest);
      expect(await readDigest(`docker://${registry.host}/acme/${name}:latest`)).toBe(
        images[1]?.digest,
      );
    },
  );

  it.each([
    [1, "another image is a conflict"],
    [0, "the same image is no conflict"],
  ])("where the registry keeps tags from changing: image %i first, %s", async (first) => {
    const name = `kept-${first}`;
    const other = await pusher(first, name, {});
    let won: Promise<PushedImage> | undefined;
    const late = await pusher(0, name, {
      before: (method, path) => {
        if (method !== "PUT" || !path.endsWith("/manifests/1.0.0")) return undefined;
        won ??= other.push();
        return won.then(() => undefined);
      },
      refuses: (method, path) => method === "PUT" && path.endsWith("/manifests/1.0.0"),
    });
    if (first === 0)
      await expect(late.push()).resolves.toMatchObject({ digest: images[0]?.digest });
    else await expect(late.push()).rejects.toMatchObject({ kind: "conflict" });
    expect(await standing(name)).toBe(images[first]?.digest);
  });

  it("equal images are no conflict, however they meet", async () => {
    const pushers = await Promise.all([0, 1, 2].map(() => pusher(0, "equal", {})));
    const pushed = await Promise.all(pushers.map(({ push }) => push()));
    expect(new Set(pushed.map(({ digest }) => digest))).toEqual(new Set([images[0]?.digest]));
  });
});
