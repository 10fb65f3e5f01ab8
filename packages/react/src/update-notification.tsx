import type { LatestDeployment, Verdict } from "@tideline/version";
import type { WatchState } from "@tideline/watch";
import { recoverChunks } from "@tideline/watch/page";
import { type ReactNode, useEffect, useReducer, useState } from "react";
import { Notice, type NoticeProps, type Tone } from "./notice.js";
import { part } from "./part.js";
import { useVersionCheck } from "./use-version-check.js";
import type { VersionCheckOptions } from "./watch-for.js";

// As long as the leaving in styles.css takes.
const LEAVE_MS = 120;
const TICK_MS = 30_000;

export interface UpdateNotificationProps
  extends VersionCheckOptions,
    Pick<NoticeProps, "strings" | "locale" | "notesHref"> {
  /** The corner it keeps to from 640 px up; "end" is right, and left in right-to-left text. @default "bottom-end" */
  readonly placement?: "bottom-end" | "bottom-start" | "top-end" | "top-start";
  /** @default what a `data-theme` around it says, else what the system prefers */
  readonly theme?: "light" | "dark";
}

/**
 * Offers a refresh in a corner of the page when a deployment has made it out of date.
 *
 * Needs `@tideline/react/styles.css`. Renders an empty live region while there is nothing to say,
 * and never takes the focus. While it is there, a lazy chunk that the host has no more loads the
 * page again, once, if the host serves another build.
 */
export function UpdateNotification({
  placement = "bottom-end",
  theme,
  strings,
  locale,
  notesHref,
  ...options
}: UpdateNotificationProps): ReactNode {
  const { state, verdict, latest, refreshApp, dismissUpdate } = useVersionCheck(options);
  const tone = toneOf(state, verdict);
  /** What was said last, while it leaves. */
  const [last, setLast] = useState<{ tone: Tone; latest: LatestDeployment } | null>(null);
  const [, tick] = useReducer((ticks: number) => ticks + 1, 0);

  useEffect(recoverChunks, []);
  useEffect(() => {
    if (tone && latest) {
      setLast({ tone, latest });
      const timer = setInterval(tick, TICK_MS);
      return () => clearInterval(timer);
    }
    const timer = setTimeout(setLast, LEAVE_MS, null);
    return () => clearTimeout(timer);
  }, [tone, latest]);

  const shown = tone && latest ? { tone, latest } : last;
  return (
    <div {...part("root")} data-placement={placement} data-theme={theme}>
      <Notice
        {...shown}
        {...{ strings, locale, notesHref, refreshApp, dismissUpdate }}
        isLeaving={!tone}
      />
    </div>
  );
}

function toneOf(state: WatchState, verdict: Verdict | null): Tone | null {
  if (state === "rolling-out") return state;
  if (state !== "offered" || verdict?.kind !== "outdated") return null;
  return verdict.severity === "critical" ? "critical" : verdict.reason;
}
