import { listDirtyPaths } from "@tideline/stamp";
import { type BuildStamp, shortCommit } from "@tideline/version";

/** A stamp, with its build id where an artifact was looked at. */
type Described = Omit<BuildStamp, "buildId"> & Partial<Pick<BuildStamp, "buildId">>;

/** Gives a stamp as lines for people; what it does not say has no line. */
export function describeStamp(stamp: Described, dirtyPaths: readonly string[]): string {
  const { appName, environment, version, gitCommit, gitBranch, gitTag } = stamp;
  const rows: readonly (readonly [name: string, value: string | null | undefined])[] = [
    ["app", appName],
    ["environment", environment ?? "named when it is published"],
    ["version", version],
    ["build id", stamp.buildId],
    ["commit", gitCommit === null ? "none" : shortCommit(gitCommit)],
    ["branch", gitBranch],
    ["tag", gitTag],
    ["changed", dirtyPaths.length === 0 ? null : listDirtyPaths(dirtyPaths)],
    ["committed at", stamp.commitTime === null ? null : moment(stamp.commitTime)],
    ["built at", moment(stamp.buildTime)],
    ["build number", stamp.buildNumber === 0 ? null : String(stamp.buildNumber)],
  ];
  const said = rows.filter(([, value]) => value !== null && value !== undefined);
  const width = Math.max(...said.map(([name]) => name.length));
  return said.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
