import type { WatchPage } from "@tideline/watch";

/**
 * A browser tab without a browser: a host that serves builds to it, and what a page can do in it.
 * The tab outlives its pages, as its storage does; `open` gives the next one.
 */
export class FakeTab {
  /** The build that the host gives to a read past the caches; null: it cannot be reached. */
  served: string | undefined | null;
  /** The build that a load of the page brings; differs from `served` behind a stale cache. */
  loaded: string | undefined | null = undefined;
  /** How often the page was loaded, the first time included. */
  loads = 0;
  /** How often the host was asked which build it serves. */
  looks = 0;
  /** What the browser's tabs share. */
  readonly shared: Map<string, string>;
  /** True where the browser refuses storage: the tab then only has `window.name`. */
  refusesStorage = false;
  /** True while a person answers "Leave site?" with no. */
  refusesToLeave = false;

  #own = new Map<string, string>();
  #name = "";
  #onReload: () => void;
  #listeners = new Set<{ onWake: () => void; onRemember: () => void }>();

  /** @param onReload Called when a page has left; the test opens the next one. */
  constructor(served: string, onReload: () => void, shared: Map<string, string> = new Map()) {
    this.served = served;
    this.#onReload = onReload;
    this.shared = shared;
  }

  /** Opens the next page. @returns The page, and the build that it came with. */
  open(): { page: WatchPage; build: string } {
    this.loads++;
    this.#listeners.clear();
    const build = this.loaded ?? this.served ?? "";
    const page: WatchPage = {
      servedBuild: async () => {
        this.looks++;
        if (this.served === null) throw new Error("Cannot reach the host");
        return this.served;
      },
      reload: (onLeave) => {
        if (this.refusesToLeave) return;
        onLeave();
        this.#onReload();
      },
      listen: (onWake, onRemember) => {
        this.#listeners.add({ onWake, onRemember });
      },
      recall: (memory, key) => {
        if (this.refusesStorage) return this.#name;
        return (memory === "sessionStorage" ? this.#own : this.shared).get(key) ?? null;
      },
      remember: (memory, key, text) => {
        if (!this.refusesStorage) {
          (memory === "sessionStorage" ? this.#own : this.shared).set(key, text);
        } else if (memory === "sessionStorage") {
          this.#name = text;
        }
      },
    };
    return { page, build };
  }

  /** A person comes back to the tab. */
  wake(): void {
    for (const { onWake } of this.#listeners) onWake();
  }

  /** Another tab wrote to the shared storage. */
  tellOfStorage(): void {
    for (const { onRemember } of this.#listeners) onRemember();
  }
}
