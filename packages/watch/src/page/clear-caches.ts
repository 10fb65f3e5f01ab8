/**
 * Deletes the origin's Cache Storage, then lets a waiting service worker take over, so that neither
 * can serve the old page to the load that follows. Rejects where there is none to wait for.
 *
 * The worker has to call `skipWaiting()` on the message `{type: "SKIP_WAITING"}`, as Workbox's do.
 */
export async function clearCaches(onDone: () => void): Promise<void> {
  for (const name of await caches.keys()) await caches.delete(name);
  const { serviceWorker } = navigator;
  const { waiting } = (await serviceWorker.getRegistration()) as ServiceWorkerRegistration;
  // Takes the place of the app's own listener, if any: the page is about to go.
  serviceWorker.oncontrollerchange = onDone;
  (waiting as ServiceWorker).postMessage({ type: "SKIP_WAITING" });
}
