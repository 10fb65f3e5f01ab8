import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** This repository's folder. */
export const REPOSITORY: string = fileURLToPath(new URL("../../../../", import.meta.url));

/** One file under `.github/workflows`. */
export interface WorkflowFile {
  /** From the repository, as GitHub names it. */
  readonly path: string;
  readonly text: string;
}

/** Gives all workflow files of this repository, by name. */
export async function readWorkflowFiles(): Promise<WorkflowFile[]> {
  const names = await readdir(join(REPOSITORY, ".github/workflows"));
  const paths = names
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => `.github/workflows/${name}`);
  return await Promise.all(paths.sort().map(readWorkflowFile));
}

/** Gives one of them. */
export async function readWorkflowFile(path: string): Promise<WorkflowFile> {
  return { path, text: await readFile(join(REPOSITORY, path), "utf8") };
}
