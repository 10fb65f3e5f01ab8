/** What a watch needs of the page it runs in. `watch/page` has the one for a browser. */
export interface WatchPage {
  /**
   * Looks, past every cache, which build the host serves at this page's address now.
   *
   * @returns The build id, or undefined if the document came but has no readable stamp. Rejects when
   *   there was no document (offline, a failing host, or none that answers within
   *   seconds): a refresh waits for this.
   */
  servedBuild(): Promise<string | undefined>;

  /**
   * Loads the page again at the same address, query and hash kept, after old caches are cleared and
   * a waiting service worker has taken over.
   *
   * @param onLeave Called when the page is really being left, after any "Leave site?" was answered.
   */
  reload(onLeave: () => void): void;

  /**
   * Listens to what happens to the page for as long as it is there. Called once.
   *
   * @param onWake Called when a person comes back after 30 s or more, or the network does.
   * @param onRemember Called when another tab remembered something in `"localStorage"`.
   */
  listen(onWake: () => void, onRemember: () => void): void;

  /** Reads what was kept under `key`, or null. Never throws. */
  recall(memory: Memory, key: string): string | null;

  /** Keeps a text for `recall`. Never throws. */
  remember(memory: Memory, key: string, text: string): void;
}

/** Which memory: that of this tab, which survives a reload, or the one that all tabs share. */
export type Memory = "sessionStorage" | "localStorage";
