import { type Check, checked, skipped } from "../check.js";

/** tideline.config.json can be used. */
export const configValid: Check = {
  name: "config",
  promise: "tideline.config.json can be used",
  look: async ({ config, configProblems }) => {
    if (configProblems.length === 0) {
      return config === null ? skipped("there is no tideline.config.json") : checked([]);
    }
    return checked(
      configProblems.map((problem) => ({
        level: "fail",
        where: null,
        problem: problem.replace(/^Cannot/, "cannot"),
        fix: "change that line; tideline.config.schema.json tells an editor what may stand there",
      })),
    );
  },
};
