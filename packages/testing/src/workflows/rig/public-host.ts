/** The host that a deployment command publishes to: a folder, served without being kept anywhere. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, normalize } from "node:path";
import { type Served, serve } from "../../serve.js";

/** The running host. */
export interface PublicHost extends Served {
  /** Its files, one folder for each service. */
  readonly folder: string;
  /** Lets deployments to a service fail, or work again. */
  readonly setDown: (service: string, isDown: boolean) => Promise<void>;
}

/** Serves a folder on a free port of this machine. */
export async function startPublicHost(folder: string): Promise<PublicHost> {
  await mkdir(folder, { recursive: true });
  const served = await serve((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const path = normalize(pathname.endsWith("/") ? `${pathname}index.html` : pathname);
    const type = path.endsWith(".json") ? "application/json" : "text/html";
    readFile(join(folder, path)).then(
      (body) =>
        response.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  return {
    ...served,
    folder,
    setDown: async (service, isDown) => {
      const mark = join(folder, `${service}-is-down`);
      await (isDown ? writeFile(mark, "") : rm(mark, { force: true }));
    },
  };
}
