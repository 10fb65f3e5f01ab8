/** A process that takes the lock of each path that it reads, says "won" or "lost", and keeps it. */
import { createInterface } from "node:readline";
import { tryLock } from "../../../fleet/src/engine/lock.js";

process.stdout.write("ready\n");
for await (const path of createInterface({ input: process.stdin })) {
  process.stdout.write((await tryLock(path)) === null ? "lost\n" : "won\n");
}
