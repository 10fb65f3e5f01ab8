/**
 * Deletes the origin's Cache Storage, then lets a newer service worker take over, so that neither
 * can serve the old page to the load that follows. Does nothing where there is neither.
 *
 * The worker has to call `skipWaiting()` on the message `{type: "SKIP_WAITING"}`, as Workbox's do.
 */
export async function clearCaches(): Promise<void> {
  // Absent on plain http.
  if (globalThis.caches) {
    const names = await caches.keys();
    await Promise.all(names.map((name) => caches.delete(name)));
  }
  const container = navigator.serviceWorker;
  const registration = await container?.getRegistration();
  await registration?.update();
  const worker = registration?.installing ?? registration?.waiting;
  if (!worker) return;
  await new Promise((resolve) => {
    container.addEventListener("controllerchange", resolve, { once: true });
    const activate = () => {
      if (worker.state === "installed") worker.postMessage({ type: "SKIP_WAITING" });
    };
    worker.addEventListener("statechange", activate);
    activate();
  });
}
