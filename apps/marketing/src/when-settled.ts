/** Calls back once the page has loaded and the browser has nothing better to do. */
export function whenSettled(callback: () => void): void {
  const whenIdle = () => {
    if ("requestIdleCallback" in window) requestIdleCallback(callback, { timeout: 2_000 });
    else setTimeout(callback, 500);
  };
  if (document.readyState === "complete") whenIdle();
  else addEventListener("load", whenIdle, { once: true });
}
