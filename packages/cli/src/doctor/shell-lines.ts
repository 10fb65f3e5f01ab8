import { stepsOf, type Workflow } from "./workflow.js";

/** One line that a shell runs. */
export interface ShellLine {
  readonly path: string;
  readonly line: number;
  /** Without a comment that is all of it. */
  readonly text: string;
}

const SCRIPT =
  /\.(sh|bash|zsh|mk)$|(^|\/)(Makefile|justfile|(.*\.)?(Dockerfile|Containerfile)(\..*)?)$/;
const OTHER_CI =
  /(^|\/)(\.gitlab-ci\.yml|\.circleci\/config\.yml|azure-pipelines\.ya?ml|bitbucket-pipelines\.yml)$/;

/** Gives what the shells of a repository run: scripts, Dockerfiles, package.json, CI. */
export async function shellLines(
  files: readonly string[],
  workflows: readonly Workflow[],
  read: (path: string) => Promise<string | null>,
): Promise<readonly ShellLine[]> {
  const lines: ShellLine[] = [];
  for (const path of files) {
    const hasNoSuffix = !/\.[^/]*$/.test(path.replace(/(^|\/)\./g, "$1"));
    if (
      !SCRIPT.test(path) &&
      !OTHER_CI.test(path) &&
      !hasNoSuffix &&
      !/package\.json$/.test(path)
    ) {
      continue;
    }
    const text = await read(path);
    if (text === null) continue;
    if (/(^|\/)package\.json$/.test(path)) lines.push(...packageScripts(path, text));
    else if (!hasNoSuffix || SCRIPT.test(path) || /^#!.*\b(ba|z|da)?sh\b/.test(text)) {
      lines.push(...numbered(path, text, 1));
    }
  }
  for (const workflow of workflows) {
    for (const { step } of stepsOf(workflow)) {
      if (step.run !== "") lines.push(...numbered(workflow.path, step.run, step.runLine));
    }
  }
  return lines;
}

function numbered(path: string, text: string, first: number): ShellLine[] {
  return text
    .split("\n")
    .map((line, index) => ({ path, line: first + index, text: line }))
    .filter(({ text: line }) => line.trim() !== "" && !/^\s*#/.test(line));
}

function packageScripts(path: string, text: string): ShellLine[] {
  return text.split("\n").flatMap((line, index) => {
    const script = /^\s*"[^"]+"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
    return script === undefined
      ? []
      : [{ path, line: index + 1, text: script.replace(/\\"/g, '"') }];
  });
}
