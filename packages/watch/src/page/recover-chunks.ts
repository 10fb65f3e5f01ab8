import { countLoads, loadAgain, recallLoads } from "../load-guard.js";
import { browserPage } from "./browser-page.js";
import { readStamp } from "./read-stamp.js";
import { servedBuild } from "./served-build.js";

/**
 * Mends a page whose lazy chunks are gone: when Vite says that one could not be loaded, looks which
 * build the host serves, and loads the page again at the same address if that is another. A build
 * does so once in half an hour. For a network blip, or a file that the host's own build lacks,
 * nothing happens: the error is the app's, as without Tideline.
 *
 * @returns A function that stops listening.
 */
export function recoverChunks(): () => void {
  // One page loses many chunks at once, and a load takes a moment.
  let isBusy = false;
  const onError = async () => {
    if (isBusy) return;
    isBusy = true;
    const running = readStamp()?.buildId ?? "";
    // A host that cannot be asked has nothing better to load.
    const served = await servedBuild().catch(() => running);
    const key = `tideline:${running}:`;
    isBusy =
      running !== "" &&
      !!served &&
      served !== running &&
      !countLoads(recallLoads(browserPage, key), Date.now()) &&
      canNote(key);
    if (isBusy) loadAgain(browserPage, key, Date.now());
  };
  // Not prevented: an import whose error was prevented is resolved with undefined.
  addEventListener("vite:preloadError", onError);
  return () => removeEventListener("vite:preloadError", onError);
}

/** Says whether a load can be noted: where none can, a chunk that stays lost would load for ever. */
function canNote(key: string): boolean {
  const noted = `${recallLoads(browserPage, key)},`;
  browserPage.remember("sessionStorage", key, noted);
  return recallLoads(browserPage, key) === noted;
}
