import { type DeploymentRecord, shortCommit } from "@tideline/version";

/** Names what is recorded, for people: `web 1.2.3 (0123456789ab)`. */
export function nameOfRecord({ appName, version, gitCommit }: DeploymentRecord): string {
  return `${appName} ${version} (${shortCommit(gitCommit)})`;
}
