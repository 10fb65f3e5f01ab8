/**
 * Looks at one path again and again, as a process of its own, and counts how often it was missing:
 * `path-watcher.ts stat|exec PATH COUNT`. Says "enough" when it has looked so often, goes on until it
 * is told to stop, and then says what it has seen.
 */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";

/** What a watcher has seen. */
export interface Sightings {
  /** How often it looked. */
  readonly looks: number;
  /** ENOENT. */
  readonly missing: number;
  /** Anything else that was wrong: the first of each kind. */
  readonly otherwise: readonly string[];
  /** How many different files it has seen at the path. */
  readonly files: number;
}

const [how, path = "", count = "0"] = process.argv.slice(2);
const otherwise = new Set<string>();
const files = new Set<number>();
let [looks, missing] = [0, 0];
let isStopped = false;

process.on("message", () => {
  isStopped = true;
});
watch();

function watch(): void {
  const [look, batch] = how === "stat" ? [lookAt, 200] : [execute, 3];
  for (let time = 0; time < batch; time++) {
    look();
    looks++;
    if (looks === Number(count)) process.send?.("enough");
  }
  // A short breath: where there are few processors, somebody has to swap besides.
  if (!isStopped) return void setTimeout(watch, 1);
  const sightings: Sightings = { looks, missing, otherwise: [...otherwise], files: files.size };
  process.send?.(sightings, () => process.disconnect());
}

function lookAt(): void {
  try {
    const { ino, mode } = statSync(path);
    files.add(ino);
    if ((mode & 0o111) === 0) otherwise.add(`mode ${mode.toString(8)}`);
  } catch (error) {
    note(error as NodeJS.ErrnoException);
  }
}

function execute(): void {
  const { status, error } = spawnSync(path, [], { stdio: "ignore" });
  if (error !== undefined) note(error);
  else {
    files.add(status ?? -1);
    if (status !== 0 && status !== 1) otherwise.add(`exit ${status}`);
  }
}

function note(error: NodeJS.ErrnoException): void {
  if (error.code === "ENOENT") missing++;
  else otherwise.add(String(error.code));
}
