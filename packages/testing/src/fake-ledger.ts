import type { BuildId, BuildStamp, ClientBuild, LatestDeployment } from "@tideline/version";
import type { DeploymentSource } from "@tideline/watch";

type Change = Partial<
  Pick<LatestDeployment, "kind" | "notes" | "gitTag" | "version" | "deployedAt">
> & {
  severity?: "critical";
};

/** One target's ledger in memory, as a `DeploymentSource` that answers in the same turn. */
export class FakeLedger implements DeploymentSource {
  latest: LatestDeployment | null = null;
  /** What `check` answers and counts; undefined: it rejects. */
  checks = 0;
  /** False: the socket is dead, and nobody hears of a change. */
  isLive = true;
  #known = new Map<string, { firstEpoch: number; lastEpoch: number }>();
  #listeners = new Set<() => void>();

  /** Makes a build live. */
  record(buildId: string, change: Change = {}): void {
    const epoch = (this.latest?.epoch ?? 0) + (this.latest?.buildId === buildId ? 0 : 1);
    const before = this.latest && this.#known.get(this.latest.buildId);
    if (before && this.latest?.buildId !== buildId) before.lastEpoch = epoch - 1;
    const known = this.#known.get(buildId) ?? { firstEpoch: epoch, lastEpoch: epoch };
    known.lastEpoch = epoch;
    this.#known.set(buildId, known);
    const { severity, ...fields } = change;
    this.latest = {
      appName: "web",
      environment: "production",
      buildId: buildId as BuildId,
      version: "1.0.0",
      gitCommit: "0123456789abcdef0123456789abcdef01234567",
      gitTag: null,
      buildNumber: 7,
      buildTime: 0,
      deployedAt: 0,
      notes: null,
      epoch,
      kind: "deploy",
      firstEpoch: known.firstEpoch,
      criticalEpoch: severity ? epoch : (this.latest?.criticalEpoch ?? null),
      clientBuild: { state: "unknown" },
      ...fields,
    };
    if (this.isLive) for (const listener of this.#listeners) listener();
  }

  subscribe: DeploymentSource["subscribe"] = (query, onLatest) => {
    const listener = () => onLatest(this.#answer(query.buildId));
    this.#listeners.add(listener);
    if (this.isLive) listener();
    return () => this.#listeners.delete(listener);
  };

  check = async (query: { buildId?: string }): Promise<LatestDeployment | null> => {
    this.checks++;
    return this.#answer(query.buildId);
  };

  #answer(buildId: string | undefined): LatestDeployment | null {
    const known = buildId === undefined ? undefined : this.#known.get(buildId);
    const clientBuild: ClientBuild = known ? { state: "known", ...known } : { state: "unknown" };
    return this.latest && { ...this.latest, clientBuild };
  }
}

/** Gives a stamp of the app that `FakeLedger` holds. */
export function fakeStamp(buildId: string): BuildStamp {
  return {
    appName: "web",
    environment: "production",
    buildId: buildId as BuildId,
    version: "1.0.0",
    gitCommit: null,
    gitBranch: null,
    gitDirty: false,
    gitTag: null,
    buildNumber: 0,
    buildTime: 0,
    commitTime: null,
  };
}
