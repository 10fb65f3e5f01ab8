/**
 * Fetches a binary, swaps it in, lets it count, and goes back, as a process whose system calls may be
 * recorded: `update-process.ts BINARY_FOLDER NAME ARTIFACT_JSON`.
 */
import { dirname, join } from "node:path";
import { fetchBinary } from "../../../fleet/src/artifact/fetch-binary.js";
import { restorePrevious } from "../../../fleet/src/swap/restore-previous.js";
import { swapIn } from "../../../fleet/src/swap/swap-in.js";
import { writeVersionFile } from "../../../fleet/src/swap/version-file.js";

const [folder = "", name = "", json = ""] = process.argv.slice(2);
const artifact = JSON.parse(json);
const live = join(folder, name);

const { path } = await fetchBinary({
  artifact,
  stagingFolder: join(folder, ".staging"),
  fetch,
  signal: new AbortController().signal,
});
await swapIn({ live, staged: path });
await writeVersionFile(dirname(live), {
  commit: null,
  timestamp: 0,
  checksum: artifact.binary.sha256,
  version: "2.0.0",
  seq: 2,
});
await restorePrevious({ live });
