/** A registry of one package, so that npm and npx install the built command line for real. */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { BuiltCli } from "../../built-cli.js";
import { type Served, serve } from "../../serve.js";

/** The running registry. */
export interface PackageRegistry extends Served {
  /** What a package-lock.json says of the command line. */
  readonly locked: Readonly<Record<string, unknown>>;
  readonly version: string;
}

/**
 * Serves the built command line as `@tideline/cli` on a free port of this machine. Its libraries
 * are in the bundle, so that nothing else has to be fetched.
 *
 * @param folder For the package's files.
 */
export async function servePackage(cli: BuiltCli, folder: string): Promise<PackageRegistry> {
  const built = dirname(dirname(cli.path));
  const whole = JSON.parse(await readFile(join(built, "package.json"), "utf8")) as Record<
    string,
    unknown
  >;
  const { name, version, bin } = whole as { name: string; version: string; bin: object };
  const described = { name, version, type: "module", bin };
  const tarball = join(folder, "package.tgz");
  const staged = join(folder, "staged/package");
  const run = promisify(execFile);
  await run("mkdir", ["-p", staged]);
  await run("cp", ["-R", join(built, "dist"), staged]);
  await writeFile(join(staged, "package.json"), JSON.stringify(described));
  await run("tar", ["-czf", tarball, "-C", join(folder, "staged"), "package"]);
  const integrity = `sha512-${createHash("sha512")
    .update(await readFile(tarball))
    .digest("base64")}`;

  const { url, close } = await serve((request, response) => {
    const path = decodeURIComponent(request.url ?? "/");
    if (path === `/${name}`) {
      const dist = { tarball: `${url}/package.tgz`, integrity };
      response.writeHead(200, { "content-type": "application/json" }).end(
        JSON.stringify({
          name,
          "dist-tags": { latest: version },
          versions: { [version]: { ...described, dist } },
        }),
      );
    } else if (path === "/package.tgz") {
      response.writeHead(200, { "content-type": "application/octet-stream" });
      createReadStream(tarball).pipe(response);
    } else {
      response.writeHead(404, { "content-type": "application/json" }).end("{}");
    }
  });
  return {
    url,
    version,
    locked: { version, resolved: `${url}/package.tgz`, integrity, bin },
    close,
  };
}
