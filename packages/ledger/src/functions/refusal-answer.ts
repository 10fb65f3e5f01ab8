import { v } from "convex/values";
import type { TargetName } from "../data-model.js";
import { refusalValidator } from "../tables.js";

/** The answer to a known caller whose wish is not granted. */
export const refusalAnswer = v.object({
  ok: v.literal(false),
  code: v.union(refusalValidator, v.literal("NOTHING_PENDING"), v.literal("NOTHING_RECORDED")),
  message: v.string(),
});

/** The refusal to hold or release what does not exist, which is most often a misspelt name. */
export function nothingRecorded(doing: "hold" | "release", { appName, environment }: TargetName) {
  return {
    ok: false as const,
    code: "NOTHING_RECORDED" as const,
    message: `Cannot ${doing} ${appName}/${environment}: nothing was ever recorded for it`,
  };
}
