import type { BuildStamp, LatestDeployment, Verdict } from "@tideline/version";

/**
 * What a page has to say about updates.
 *
 * ```text
 *               verdict: outdated                   host serves another build
 *   listening ──────────────────────> waiting ──────────────────────────────> offered
 *    ^   │                             │  ^ own build still: looks again       │   │ dismiss(),
 *    │   │ this page was loaded for    └──┘ after 5, 30, then every 300 s      │   v or in another tab
 *    │   │ it, and is the same build        and on wake-up                     │ dismissed
 *    │   v                                                                     │
 *    │  rolling-out ── 10 s ──> waiting <── own build again ───────────────────┤
 *    │       ^                                                                 │
 *    │       ├── refresh(), but two loads in half an hour brought nothing      │ refresh()
 *    │       └── refresh(), but the host cannot be reached                     │
 *    │                                                                         v
 *    └ any state, when the verdict is no longer outdated                   page is left
 * ```
 *
 * A newer deployment starts again at `waiting`; an offer stays up while the host is asked anew, and
 * for 10 s after refresh(), in which further calls of it count for nothing.
 */
export type WatchState =
  /** No update to speak of; the verdict says why. */
  | "listening"
  /** There is an update, but the host serves this very build still. Say nothing. */
  | "waiting"
  /** A load brings another build. The one state in which a notice asks for it. */
  | "offered"
  /** As `offered`, but a person said Later to this deployment. */
  | "dismissed"
  /** A load brought the same build again, or would bring nothing. Say so quietly; it ends by itself. */
  | "rolling-out";

/** A moment of a watch. Immutable: a change is a new object. */
export interface WatchSnapshot {
  readonly state: WatchState;
  /** Null until the first answer. */
  readonly verdict: Verdict | null;
  /** What the target serves; null until the first answer and while nothing is recorded. */
  readonly latest: LatestDeployment | null;
  /** What this page was built as; null if that cannot be read, and on a server. */
  readonly stamp: BuildStamp | null;
  /** One sentence that says what to mend in the app's wiring, or null. */
  readonly setupError: string | null;
}

/** What a watch knows before it starts, and all that a server knows. */
export const NOTHING_HEARD: WatchSnapshot = {
  state: "listening",
  verdict: null,
  latest: null,
  stamp: null,
  setupError: null,
};
