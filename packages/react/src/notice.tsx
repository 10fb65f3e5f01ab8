/** What is seen and heard of an update. Knows nothing of where it comes from. */
import { type LatestDeployment, shortCommit } from "@tideline/version";
import { type FocusEvent, type ReactNode, useRef } from "react";
import { part } from "./part.js";
import { relativeTime } from "./relative-time.js";
import { ENGLISH, type NoticeStrings } from "./strings.js";

/** What kind of news it is. */
export type Tone = "superseded" | "rolled-back" | "critical" | "rolling-out";

// One stroke each, in a box of 16.
const ICONS: Record<Tone, string> = {
  superseded: "M8 13V3M4 7l4-4 4 4",
  "rolled-back": "M6 10 3 7l3-3M3 7h6a4 4 0 0 1 0 7H7",
  critical: "M8 2 1.5 13.5h13zM8 6.5v3M8 11.7v.1",
  "rolling-out": "M8 1.5a6.5 6.5 0 1 0 .01 0M8 4.5V8l2.5 1.5",
};

export interface NoticeProps {
  readonly tone?: Tone;
  readonly latest?: LatestDeployment;
  /** True in the moment between the end of the news and its disappearance. */
  readonly isLeaving: boolean;
  /** Texts to replace, one or all. */
  readonly strings?: Partial<NoticeStrings> | undefined;
  /** A BCP 47 tag for times and dates. @default the browser's */
  readonly locale?: string | undefined;
  /** Where a release's notes can be read in full. */
  readonly notesHref?: ((update: LatestDeployment) => string | undefined) | undefined;
  refreshApp(): void;
  dismissUpdate(): void;
}

/** Gives the live region, and the card beside it while there is news. */
export function Notice({
  tone,
  latest,
  isLeaving,
  strings,
  locale,
  notesHref,
  refreshApp,
  dismissUpdate,
}: NoticeProps): ReactNode {
  const text = { ...ENGLISH, ...strings };
  const cameFrom = useRef<EventTarget | null>(null);
  if (!tone || !latest) return <p {...part("status")} role="status" />;

  const { gitTag, version, gitCommit, buildNumber, deployedAt, notes } = latest;
  const isRollingOut = tone === "rolling-out";
  const isCritical = tone === "critical";
  const label = gitTag || version.replace(/^(?=\d+\.\d)/, "v");
  const title = {
    superseded: text.available,
    "rolled-back": text.rolledBack(gitTag || version),
    critical: text.critical,
    "rolling-out": text.rollingOut,
  }[tone];
  const deployed = new Date(deployedAt);
  const href = notesHref?.(latest);
  const later = () => {
    // The focus goes back to where it was, for example to a field that a person was typing in.
    if (cameFrom.current instanceof HTMLElement) cameFrom.current.focus();
    dismissUpdate();
  };

  return (
    <>
      {/* Apart from the card, whose ticking time would be read out every minute. */}
      <p {...part("status")} role="status">
        {isLeaving ? "" : title}
      </p>
      <section
        {...part("notice")}
        data-tone={tone}
        data-leaving={isLeaving || undefined}
        aria-label={title}
        onFocus={(event: FocusEvent) => {
          if (!event.currentTarget.contains(event.relatedTarget)) {
            cameFrom.current = event.relatedTarget;
          }
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape" && !isCritical) later();
        }}
      >
        <svg {...part("icon")} viewBox="0 0 16 16" aria-hidden="true">
          <path d={ICONS[tone]} />
        </svg>
        <div {...part("title")}>
          <strong>{title}</strong>
          {tone !== "rolled-back" && !isRollingOut && (
            <span {...part("badge")} title={label}>
              {label}
            </span>
          )}
        </div>
        {(isCritical || isRollingOut) && (
          <p {...part("reason")}>{isCritical ? text.reason : text.rollingOutText}</p>
        )}
        {!isRollingOut && (
          <>
            <p {...part("details")}>
              {buildNumber > 0 && <span>{text.build(buildNumber)}</span>}
              <time dateTime={deployed.toISOString()} title={deployed.toLocaleString(locale)}>
                {text.deployed(relativeTime(Date.now() - deployedAt, locale))}
              </time>
              {/^[\da-f]{7,}(-dirty)?$/.test(gitCommit) && <code>{shortCommit(gitCommit)}</code>}
            </p>
            {notes && (
              <div {...part("notes")}>
                {/* One line; a click, a tap or Enter unfolds the rest. */}
                <details>
                  <summary title={notes}>{notes}</summary>
                </details>
                {href && <a href={href}>{text.notesLink}</a>}
              </div>
            )}
            <div {...part("actions")}>
              <button {...part("refresh")} type="button" onClick={refreshApp}>
                {text.refresh}
              </button>
              {!isCritical && (
                <button {...part("later")} type="button" onClick={later}>
                  {text.later}
                </button>
              )}
            </div>
            {!isCritical && (
              <button {...part("close")} type="button" aria-label={text.close} onClick={later}>
                <svg {...part("cross")} viewBox="0 0 16 16" aria-hidden="true">
                  <path d="m4 4 8 8m0-8-8 8" />
                </svg>
              </button>
            )}
          </>
        )}
      </section>
    </>
  );
}
