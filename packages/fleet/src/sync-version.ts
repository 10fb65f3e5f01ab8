import { readFileSync } from "node:fs";

/** The version of this `tideline-sync`, from the package's own package.json: `"0.1.0"`. */
export const SYNC_VERSION: string = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  }
).version;
