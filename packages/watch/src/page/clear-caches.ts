/**
 * Deletes the origin's Cache Storage, then lets a waiting service worker take over, so that neither
 * can serve the old page to the load that follows. Rejects where the browser has neither.
 *
 * The worker has to call `skipWaiting()` on the message `{type: "SKIP_WAITING"}`, as Workbox's do.
 */
export async function clearCaches(): Promise<void> {
  for (const name of await caches.keys()) await caches.delete(name);
  const { serviceWorker } = navigator;
  const registration = await serviceWorker.getRegistration();
  const waiting = registration?.waiting;
  if (!waiting) return;
  waiting.postMessage({ type: "SKIP_WAITING" });
  // Takes the place of the app's own listener, if any: the page is about to go.
  await new Promise((resolve) => {
    serviceWorker.oncontrollerchange = resolve;
  });
}
