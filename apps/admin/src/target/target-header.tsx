import { shortCommit } from "@tideline/version";
import { CircleAlert, CirclePause, Tag } from "lucide-react";
import type { ReactNode } from "react";
import type { Target } from "../ledger.js";
import { targetState } from "../targets/target-state.js";
import { Badge } from "../words/badge.js";
import { Fact } from "../words/fact.js";
import { Recorder } from "../words/recorder.js";
import { RelativeTime } from "../words/time.js";
import { TargetActions } from "./target-actions.js";

interface Props {
  readonly target: Target;
  /** ms since epoch; null if nothing is live. */
  readonly since: number | null;
  /** What stands beside it: a plot. */
  readonly children: ReactNode;
}

/** What is live on a target: which version, since when, from which commit, and by whom. */
export function TargetHeader({ target, since, children }: Props) {
  const { live, hold } = target;
  const { word, tone, Icon } = targetState(target);
  return (
    <section aria-labelledby="target-heading" className="card grid gap-5 p-4 sm:p-5">
      <div className="flex flex-wrap items-start justify-between gap-x-8 gap-y-5">
        <div className="grid min-w-0 grow basis-72 content-start gap-3">
          <p className="flex flex-wrap items-center gap-2">
            <Badge tone={tone} Icon={Icon}>
              {word}
            </Badge>
            <span className="text-muted [overflow-wrap:anywhere]">
              {target.appName} <span aria-hidden>/</span> {target.environment}
            </span>
          </p>
          <h1
            id="target-heading"
            className="text-2xl font-semibold tracking-tight [overflow-wrap:anywhere]"
          >
            <span className="sr-only">
              {target.appName} on {target.environment}:{" "}
            </span>
            {live?.version ?? "Nothing live"}
          </h1>
          <p className="flex flex-wrap gap-2 empty:hidden">
            {live?.gitTag !== undefined && live.gitTag !== live.version && (
              <Badge tone="plain" Icon={Tag}>
                {live.gitTag}
              </Badge>
            )}
            {live?.severity === "critical" && tone !== "red" && (
              <Badge tone="red" Icon={CircleAlert}>
                Critical
              </Badge>
            )}
          </p>
          {live?.notes !== undefined && (
            <p className="max-w-prose whitespace-pre-wrap [overflow-wrap:anywhere]">{live.notes}</p>
          )}
        </div>
        {children}
      </div>

      {hold !== null && (
        <p className="bg-amber-wash text-amber flex items-start gap-2 rounded-lg px-3 py-2">
          <CirclePause aria-hidden size={16} className="mt-0.5 shrink-0" />
          <span className="[overflow-wrap:anywhere]">
            Held <RelativeTime at={hold.since} />: {hold.reason}
          </span>
        </p>
      )}

      {live !== null && since !== null && (
        <dl className="grid grid-cols-2 gap-x-6 gap-y-3 lg:grid-cols-4">
          <Fact name="Live since">
            <RelativeTime at={since} />
          </Fact>
          <Fact name="Recorded by">
            <Recorder row={live} />
          </Fact>
          <Fact name="Commit" copy={live.gitCommit} isCode>
            {shortCommit(live.gitCommit)}
          </Fact>
          <Fact
            name={live.buildNumber > 0 ? `Build #${live.buildNumber}` : "Build"}
            copy={live.buildId}
            isCode
          >
            {live.buildId.slice(0, 12)}
          </Fact>
        </dl>
      )}
      <TargetActions target={target} />
    </section>
  );
}
