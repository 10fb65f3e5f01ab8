import type { FleetInstall, FleetMachine } from "@tideline/version/fleet";
import { Badge } from "../words/badge.js";
import { Fact } from "../words/fact.js";
import { ExactTime, RelativeTime } from "../words/time.js";
import { installState, newestAttempt } from "./install-state.js";
import { NextStep } from "./next-step.js";
import { reasonWords } from "./reason-words.js";
import { shortSha } from "./short-sha.js";

/** Everything that is known of one machine. */
export function MachineDetails({ machine }: { readonly machine: FleetMachine }) {
  const { machineId, platform, enrolledAt, lastSeenAt, subsystems } = machine;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4 pb-4 pt-1">
      {subsystems.map((install) => (
        <InstallDetails key={install.subsystem} install={install} platform={platform} />
      ))}
      <dl className="border-line grid grid-cols-2 gap-x-6 gap-y-3 border-t pt-3 lg:grid-cols-4">
        <Fact name="Machine id" copy={machineId} isCode>
          {machineId}
        </Fact>
        <Fact name="Platform" isCode>
          {platform}
        </Fact>
        <Fact name="Enrolled">
          <ExactTime at={enrolledAt} />
        </Fact>
        <Fact name="Last report">
          {lastSeenAt === null ? "None yet" : <ExactTime at={lastSeenAt} />}
        </Fact>
      </dl>
    </div>
  );
}

interface InstallProps {
  readonly install: FleetInstall;
  readonly platform: FleetMachine["platform"];
}

function InstallDetails({ install, platform }: InstallProps) {
  const { subsystem, version, seq, sha256, since, isOutlier } = install;
  const { word, tone, Icon } = installState(install);
  const attempt = newestAttempt(install);
  // A report carries the service's newest lines behind its first one.
  const [sentence = "", ...log] = attempt?.detail?.split("\n") ?? [];
  return (
    <section aria-label={subsystem} className="grid grid-cols-[minmax(0,1fr)] gap-2">
      <h4 className="flex flex-wrap items-center gap-2 font-medium">
        <span className="[overflow-wrap:anywhere]">{subsystem}</span>
        <Badge tone={tone} Icon={Icon}>
          {word}
        </Badge>
      </h4>
      {isOutlier && (
        <p className="bg-red-wash text-red rounded-lg px-3 py-2 [overflow-wrap:anywhere]">
          Its sha256 is not what release {seq ?? "?"} has for {platform}. Somebody has replaced the
          binary, or served this machine another one: compare it with{" "}
          <code className="font-mono text-[13px]">tideline-sync status</code> on the machine.
        </p>
      )}
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 lg:grid-cols-4">
        <Fact name="Version">{version ?? "Unknown"}</Fact>
        <Fact name="Release">{seq === null ? "None of the fleet's" : seq}</Fact>
        {sha256 === null ? (
          <Fact name="sha256">Unknown</Fact>
        ) : (
          <Fact name="sha256" copy={sha256} isCode>
            <span title={sha256}>{shortSha(sha256)}</span>
          </Fact>
        )}
        <Fact name="Since">
          <RelativeTime at={since} />
        </Fact>
      </dl>
      {attempt !== null && (
        <p className="text-muted [overflow-wrap:anywhere]">
          {attempt.state === "committed" ? "Installed" : "Tried"} {attempt.version} (release{" "}
          {attempt.seq}) <RelativeTime at={attempt.at} />
          {attempt.reason !== null && (
            <>
              {": "}
              <span className="text-ink">{reasonWords(attempt.reason)}</span>.{" "}
              {sentence !== "" && `${sentence}. `}
              <NextStep code={attempt.reason} subsystem={subsystem} />
            </>
          )}
        </p>
      )}
      {log.length > 0 && (
        <pre className="border-line bg-sunken text-muted rounded-lg border px-3 py-2 font-mono text-[13px] whitespace-pre-wrap [overflow-wrap:anywhere]">
          {log.join("\n")}
        </pre>
      )}
    </section>
  );
}
