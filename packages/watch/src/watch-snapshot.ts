import type { BuildStamp, LatestDeployment, Verdict } from "@tideline/version";

/**
 * What a page has to say about updates.
 *
 * ```text
 *                  verdict: outdated                  host serves another build
 *   listening ───────────────────────> waiting ──────────────────────────────> offered ──> dismissed
 *    ^                                  │   ^ own build still: look again        │  dismiss()
 *    │ any state, verdict no longer     └───┘ after 5, 30, then every 300 s      │ refresh()
 *    └ outdated (rolled back to us)           and on wake-up                     v
 *                                       ^                                    refreshing ──> page gone
 *                                       │ 10 s                                   │ still here
 *              this page was loaded     │                                        │ after 15 s
 *   listening ───────────────────────> rolling-out         waiting <─────────────┘
 *              for it, same build came
 * ```
 *
 * A newer deployment starts again at `waiting` (an offer stays up while the host is asked anew).
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
  /** The page is on its way out. */
  | "refreshing"
  /** A load brought the same build again. Say so quietly; it ends by itself. */
  | "rolling-out";

/** A moment of a watch. Immutable: a change is a new object. */
export interface WatchSnapshot {
  readonly state: WatchState;
  /** Null until the first answer. */
  readonly verdict: Verdict | null;
  /** What the target serves; null until the first answer and while nothing is recorded. */
  readonly latest: LatestDeployment | null;
  /** What this page was built as; null if it cannot be read (as in development). */
  readonly stamp: BuildStamp | null;
  /** One sentence that says what to mend in the app's wiring, or null. */
  readonly setupError: string | null;
}
