// Long enough for a blip to pass and for the watch to see that the host has moved on.
const RETRY_AFTER_MS = [500, 2_000];

/**
 * Loads a part of the app on demand, and tries twice more when that fails, after 0.5 and 2 s.
 *
 * Where a watch runs and the host serves another build, the watch meanwhile loads the page again at
 * the same address; so the error reaches the app only when a load would not help.
 *
 * @example
 * const Settings = lazy(() => retryImport(() => import("./settings.js")));
 */
export async function retryImport<T>(load: () => Promise<T>): Promise<T> {
  for (const delayMs of RETRY_AFTER_MS) {
    try {
      return await load();
    } catch {
      // The last attempt below lets its error through.
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
  return load();
}
