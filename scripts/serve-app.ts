/**
 * What a container of an app runs: puts the release of its image beside those that were served
 * before, and serves the site. `--check` asks whether it does.
 *
 * TIDELINE_RELEASE is the release of the image, TIDELINE_SITE the folder that outlives the
 * container, HOST and PORT where to listen. A page that hears through a gateway does so at its own
 * address; TIDELINE_GATEWAY_URL says where that is passed on to (http://gateway:8780).
 */
import { KEPT_RELEASES } from "./kept-releases.js";
import { passOnTo } from "./pass-on-to.js";
import { pruneReleases } from "./releases.js";
import { runScript, ScriptError } from "./script-error.js";
import { startSiteHost } from "./site-host.js";
import { takeRelease } from "./take-release.js";

const { TIDELINE_RELEASE = "/srv/release", TIDELINE_SITE = "/srv/site" } = process.env;
const { HOST: host = "0.0.0.0", PORT = "8080", TIDELINE_GATEWAY_URL } = process.env;

await runScript(async () => {
  if (process.argv.includes("--check")) return await check();
  const release = await takeRelease(TIDELINE_SITE, TIDELINE_RELEASE);
  await pruneReleases(TIDELINE_SITE, KEPT_RELEASES);
  const gateway = TIDELINE_GATEWAY_URL ? passOnTo(TIDELINE_GATEWAY_URL) : undefined;
  const served = await startSiteHost(TIDELINE_SITE, Number(PORT), "PORT", { host, gateway });
  const { appName, version } = release.stamp;
  console.log(`${version} of ${appName} is served at ${served.url}, as release ${release.number}`);
  // The first process of a container dies of no signal that it does not handle.
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => void served.close());
  }
});

async function check(): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${PORT}/`, { signal: AbortSignal.timeout(3_000) });
  if (!response.ok) throw new ScriptError(`The site answers ${response.status}`);
}
