import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readVersionText } from "../../versions/version-text.js";
import { type Check, checked, skipped } from "../check.js";

const KEYS = ["version", "build_number", "build_date", "git_commit", "buildTimestamp"];
const FIX = "tideline bump patch writes all five keys";

/** The version file has a version, and the keys that others read. */
export const versionFile: Check = {
  name: "version-file",
  promise: "the version file has a version and its five keys",
  look: async ({ config, versions }) => {
    if (versions === null) return skipped("tideline.config.json is broken");
    for (const file of versions.versionFiles) {
      const text = await readFile(join(versions.root, file), "utf8").catch(() => null);
      if (text === null) continue;
      const problem = problemOf(text, file);
      if (problem !== null) {
        const fix = `write {"version": "1.2.3"} into it, then: ${FIX}`;
        return checked([{ level: "fail", where: file, problem, fix }]);
      }
      const keys = JSON.parse(text.replace(/^\uFEFF/, ""));
      const missing = file.endsWith("package.json") ? [] : KEYS.filter((key) => !(key in keys));
      if (missing.length === 0) return checked([]);
      const names = missing.map((key) => `"${key}"`).join(", ");
      const what = `those who read ${names} find nothing`;
      return checked([{ level: "warn", where: file, problem: what, fix: FIX }]);
    }
    if (config === null) return skipped("there is no version file");
    const where = versions.versionFiles.join(", ");
    const problem = "there is no version file, so nothing can be bumped or released";
    const fix = `write {"version": "0.1.0"} into it and commit it`;
    return checked([{ level: "fail", where, problem, fix }]);
  },
};

function problemOf(text: string, file: string): string | null {
  try {
    readVersionText(text, file);
    return null;
  } catch (error) {
    return (error as Error).message.replace(/^Cannot use the version file "[^"]*": /, "");
  }
}
