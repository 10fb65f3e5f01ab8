/** Checks that go by what a shell line says. */
import { type Check, checked, type Finding } from "../check.js";

/** `date` with hours, in the machine's own time. */
export const localTime: Check = fromLines({
  name: "local-time",
  promise: "no build number is made of local time",
  level: "fail",
  // A TZ before it and -u among its options make it UTC.
  pattern:
    /(?<!TZ=["']?(UTC|Etc\/UTC|GMT|UTC0)["']? )\bdate\s+(?!(?:[^|;)`]*\s)?(-\w*u\w*|--utc|--universal)\b)[^|;)`]*\+\S*%[HIkMT]/,
  problem: "it numbers builds by local time, which runs backwards when clocks are put back",
  fix: "date -u, or the build number of tideline stamp",
});

/** `--short` and its kin: how many digits they give depends on the clone. */
export const shortSha: Check = fromLines({
  name: "short-sha",
  promise: "no commit is shortened by git",
  level: "fail",
  pattern:
    /\bgit\s+(-\S+\s+\S+\s+)*(rev-parse\s[^|;)`]*--short|(log|show)\s[^|;)`]*(%h\b|--abbrev-commit))/,
  problem:
    "git shortens to more digits in a full clone than in a shallow one, so names of one build differ",
  fix: "take the full SHA, and show its first 12 digits: git rev-parse HEAD | cut -c1-12",
});

/** `latest` in a command that deploys. */
export const latestCommand: Check = fromLines({
  name: "latest-command",
  promise: "no command deploys whatever is latest",
  level: "fail",
  pattern:
    /\b(kubectl\s+set\s+image|helm\s+(upgrade|install)|kubectl\s+run)\b.*[:=]latest(-[\w-]+)?\b/,
  problem:
    "it deploys whatever is latest at that moment, and what was live cannot be named afterwards",
  fix: "deploy by digest, or by the version's own tag: tideline images --json gives both",
});

function fromLines(rule: {
  readonly name: string;
  readonly promise: string;
  readonly level: Finding["level"];
  readonly pattern: RegExp;
  readonly problem: string;
  readonly fix: string;
}): Check {
  const { name, promise, level, pattern, problem, fix } = rule;
  return {
    name,
    promise,
    look: async ({ shellLines }) =>
      checked(
        shellLines
          .filter(({ text }) => pattern.test(text))
          .map(({ path, line }) => ({ level, where: `${path}:${line}`, problem, fix })),
      ),
  };
}
