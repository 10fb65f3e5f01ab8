import { posix } from "node:path";
import { type Check, checked, type Finding, skipped } from "../check.js";
import type { Examination } from "../examination.js";

const COPIES_ALL = /^\s*(COPY|ADD)\s+(?!.*--from)(--\S+\s+)*(\.\/?|\.git\/?)\s/im;
const RUNS_GIT = /^\s*RUN\b.*\bgit\s+(describe|rev-parse|status|log|diff|rev-list)\b/im;
const FIX_ARGUMENTS = "pass what git says as build arguments: tideline images --build-args";

/** git stays out of images: what .dockerignore drops would be deleted files to it, so all is dirty. */
export const imageGit: Check = {
  name: "image-git",
  promise: "no image has .git, and none asks git what it is",
  look: async (examination) => {
    const { files, read } = examination;
    const dockerfiles = files.filter(
      (path) =>
        /(^|\/)(.*\.)?(Dockerfile|Containerfile)(\.[^/]+)?$/.test(path) &&
        !/\.dockerignore$/.test(path),
    );
    if (dockerfiles.length === 0) return skipped("there is no Dockerfile");
    const findings: Finding[] = [];
    for (const path of dockerfiles) {
      const text = (await read(path)) ?? "";
      const ignore = await ignoreFileOf(path, read);
      if (COPIES_ALL.test(text) && !leavesGitOut(ignore?.text ?? "")) {
        findings.push({
          level: "fail",
          where: path,
          problem:
            "it copies .git into the image, with the whole history and what checkout left in its settings",
          fix: `add a line ".git" to ${ignore?.path ?? ".dockerignore"}`,
        });
      }
      const run = RUNS_GIT.exec(text);
      if (run === null) continue;
      const line = text.slice(0, run.index).split("\n").length + (run[0].startsWith("\n") ? 1 : 0);
      const dropped = ignore === null ? [] : await droppedFiles(examination, ignore.path);
      const because =
        dropped.length > 0
          ? `${ignore?.path} drops ${dropped.map((file) => `"${file}"`).join(", ")}, which git calls deleted, so every build is dirty`
          : "the repository is not all there";
      findings.push({
        level: "fail",
        where: `${path}:${line}`,
        problem: `it asks git inside the image: ${because}`,
        fix: FIX_ARGUMENTS,
      });
    }
    return checked(findings);
  },
};

async function ignoreFileOf(
  dockerfile: string,
  read: Examination["read"],
): Promise<{ readonly path: string; readonly text: string } | null> {
  const beside = posix.join(posix.dirname(dockerfile), ".dockerignore");
  for (const path of [`${dockerfile}.dockerignore`, beside, ".dockerignore"]) {
    const text = await read(path);
    if (text !== null) return { path, text };
  }
  return null;
}

/** The last line that speaks of .git decides. */
function leavesGitOut(ignore: string): boolean {
  let isOut = false;
  for (const line of ignore.split("\n").map((each) => each.trim().replace(/\/$/, ""))) {
    if (/^(\*|\*\*|\/?\.git|\*\*\/\.git|\.\*|\*\*\/\.\*)$/.test(line)) isOut = true;
    if (/^!(\*|\*\*|\/?\.git|\*\*\/\.git|\.\*)$/.test(line)) isOut = false;
  }
  return isOut;
}

async function droppedFiles({ git, root }: Examination, ignore: string): Promise<string[]> {
  const listed = await git([
    ...["-C", root, "ls-files", "-z", "--cached", "--ignored", `--exclude-from=${root}/${ignore}`],
  ]);
  return listed.stdout.split("\0").filter(Boolean).slice(0, 3);
}
