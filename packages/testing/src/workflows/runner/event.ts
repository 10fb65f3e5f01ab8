/** What happened in a repository, and which workflows GitHub starts for it. */
import picomatch from "picomatch";
import { asMap, type Template, type Workflow } from "../official-parser/workflow.js";

/** Something that may start a workflow. */
export type RepositoryEvent =
  | {
      readonly name: "push";
      /** In full, `refs/heads/main` or `refs/tags/v1.2.3`. */
      readonly ref: string;
      readonly sha: string;
      /** The newest commit's message. */
      readonly message: string;
      /** The paths that the push changes; of no account for a tag. */
      readonly changed: readonly string[];
      /** False for a push with the token of a workflow's own run. */
      readonly isByPerson: boolean;
    }
  | {
      readonly name: "workflow_dispatch";
      readonly ref: string;
      readonly sha: string;
      readonly inputs: Readonly<Record<string, string>>;
    };

/**
 * Says why GitHub starts no run of a workflow, or null if it starts one.
 *
 * @see https://docs.github.com/actions/managing-workflow-runs/skipping-workflow-runs
 */
export function whyNotStarted({ on }: Workflow, event: RepositoryEvent): string | null {
  if (!(event.name in on)) return `it is not started by ${event.name}`;
  if (event.name === "workflow_dispatch") return null;
  if (!event.isByPerson) return "a push with a workflow's own token starts nothing";
  const token = SKIP_TOKENS.find((candidate) => event.message.includes(candidate));
  if (token !== undefined) return `the newest commit says ${token}`;
  if (/^skip-checks: ?true$/m.test(event.message)) return "the newest commit says skip-checks";
  return whyFiltered(asMap(on.push), event.ref, event.changed);
}

const SKIP_TOKENS = ["[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]"];

function whyFiltered(
  filters: Readonly<Record<string, Template>>,
  ref: string,
  changed: readonly string[],
): string | null {
  const [, kind, name = ""] = /^refs\/(heads|tags)\/(.*)$/.exec(ref) ?? [];
  const [wanted, other] = kind === "tags" ? ["tags", "branches"] : ["branches", "tags"];
  // A filter for the one kind leaves out all of the other, unless that has its own.
  if (filters[wanted] === undefined && filters[other] !== undefined) return `it is for ${other}`;
  if (filters[wanted] !== undefined && !matches(filters[wanted], name)) {
    return `its ${wanted} leave out "${name}"`;
  }
  const ignored = filters["paths-ignore"];
  const hasOther = changed.some((path) => ignored === undefined || !matches(ignored, path));
  return kind === "heads" && ignored !== undefined && !hasOther
    ? "only ignored paths changed"
    : null;
}

function matches(patterns: Template, name: string): boolean {
  return (Array.isArray(patterns) ? patterns : [patterns]).some((pattern) =>
    picomatch.isMatch(name, String(pattern)),
  );
}
