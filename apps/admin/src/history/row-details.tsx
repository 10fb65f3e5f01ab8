import type { Deployment } from "../ledger.js";
import { Fact } from "../words/fact.js";
import { Recorder } from "../words/recorder.js";
import { ExactTime } from "../words/time.js";

/** Everything that is known of one record. */
export function RowDetails({ row }: { readonly row: Deployment }) {
  return (
    <div className="grid gap-3 pb-4 pt-1">
      {row.notes !== undefined && (
        <p className="max-w-prose whitespace-pre-wrap [overflow-wrap:anywhere]">{row.notes}</p>
      )}
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 xl:grid-cols-4">
        <Fact name="Commit" copy={row.gitCommit} isCode isWide>
          {row.gitCommit}
        </Fact>
        <Fact name="Build id" copy={row.buildId} isCode isWide>
          {row.buildId}
        </Fact>
        <Fact name="Recorded">
          <ExactTime at={row.deployedAt} />
        </Fact>
        <Fact name="Recorded by">
          <Recorder row={row} />
        </Fact>
        <Fact name="Built">
          <ExactTime at={row.buildTime} />
        </Fact>
        {row.commitTime !== undefined && (
          <Fact name="Committed">
            <ExactTime at={row.commitTime} />
          </Fact>
        )}
        <Fact name="Epoch">{row.epoch}</Fact>
      </dl>
    </div>
  );
}
