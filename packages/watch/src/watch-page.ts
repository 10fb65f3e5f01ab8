import type { BuildId } from "@tideline/version";

/** What a watch needs of the page it runs in. `watch/page` has the one for a browser. */
export interface WatchPage {
  /** Called when the watch starts: takes away what `reload` may have left in the address. */
  arrive(): void;

  /**
   * Looks, past every cache, which build the host serves at this page's address now.
   *
   * @returns The build id, or null if the document came but has no readable stamp. Rejects when
   *   there was no document (offline, time-out, a failing host).
   */
  servedBuild(): Promise<BuildId | null>;

  /**
   * Loads the page again at the same address, query and hash kept, after old caches are cleared and
   * a waiting service worker has taken over.
   *
   * @param bustCache True to go to an address that no cache has seen, after a plain reload failed.
   */
  reload(bustCache: boolean): void;

  /** Calls back when a person comes back after 30 s or more, or the network does. */
  onWake(callback: () => void): () => void;

  /** Calls back when the page is really being left, after any "Leave site?" was answered. */
  onLeave(callback: () => void): () => void;

  /** Calls back when a part of the app that loads on demand could not be loaded. */
  onChunkError(callback: () => void): () => void;
}

/** What a watch remembers. Implementations never throw. */
export interface WatchStorage {
  /**
   * @param area `"tab"`: survives a reload of this tab only. `"browser"`: shared by its tabs.
   */
  read(area: "tab" | "browser", key: string): string | null;
  write(area: "tab" | "browser", key: string, value: string): void;
  /** Calls back when another tab wrote to `"browser"`. */
  onChange(callback: () => void): () => void;
}
