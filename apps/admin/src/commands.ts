/** The commands that change a target. No page may hold the credential they need, so people run them. */
import type { TargetName } from "./ledger.js";

/** What `npm start` names its environment; only there does this repository publish by itself. */
const LOCAL = "local";

export interface CommandAdvice {
  /** What to do around the command, one sentence. */
  readonly sentence: string;
  readonly command: string;
}

export function deployAdvice({ appName, environment }: TargetName): CommandAdvice {
  return environment === LOCAL
    ? { sentence: "Builds, publishes and records it:", command: `npm run deploy -- ${appName}` }
    : {
        sentence: "In CI, after your host serves the new build:",
        command: "npx --no -- tideline record",
      };
}

export function rollBackAdvice({ appName, environment }: TargetName): CommandAdvice {
  return environment === LOCAL
    ? {
        sentence: "Publishes the build before this one again and records it:",
        command: `npm run deploy -- ${appName} --rollback`,
      }
    : {
        sentence: "Let your host serve the earlier build again, then record it from its folder:",
        command: "npx --no -- tideline record --allow-rollback",
      };
}

export function holdAdvice(target: TargetName): CommandAdvice {
  return {
    sentence: "Until it is released, the target takes no record. Say why in place of the dots:",
    command: convexRun("holdTarget", target, ',"reason":"…"'),
  };
}

export function releaseAdvice(target: TargetName): CommandAdvice {
  return {
    sentence: "Lets the target take records again:",
    command: convexRun("releaseTarget", target, ""),
  };
}

function convexRun(name: string, { appName, environment }: TargetName, more: string): string {
  // The token stays out of the shell's history: it is read where it is used.
  const token = environment === LOCAL ? "$(cat .tideline/record-token)" : "$TIDELINE_RECORD_TOKEN";
  return `npx convex run deployments:${name} '{"appName":"${appName}","environment":"${environment}"${more},"token":"'"${token}"'"}'`;
}
