import { type Check, checked, type Finding, skipped } from "../check.js";

const ISSUER = "token.actions.githubusercontent.com";

/** Where GitHub's tokens are identities, no function takes any identity for a user's. */
export const jwtIdentity: Check = {
  name: "jwt-identity",
  promise: "no function takes a stranger's workflow for a user",
  look: async ({ files, read }) => {
    const folders: string[] = [];
    for (const path of files.filter((file) => /(^|\/)convex\/auth\.config\.[jt]s$/.test(file))) {
      if ((await read(path))?.includes(ISSUER)) folders.push(path.replace(/auth\.config\..*$/, ""));
    }
    if (folders.length === 0) return skipped("no auth.config.ts takes GitHub's tokens");
    const findings: Finding[] = [];
    for (const path of files) {
      if (!/\.tsx?$/.test(path) || /_generated|\.test\./.test(path)) continue;
      if (!folders.some((folder) => path.startsWith(folder))) continue;
      const text = (await read(path)) ?? "";
      const at = text.indexOf("getUserIdentity");
      if (at < 0 || /repository_id|tokenIdentifier|\.issuer\b/.test(text)) continue;
      findings.push({
        level: "fail",
        where: `${path}:${text.slice(0, at).split("\n").length}`,
        problem:
          "every GitHub workflow on earth is an identity here, and this function asks for no more",
        fix: `look at identity.issuer and, of GitHub's, at repository_id; or take "${ISSUER}" out of auth.config.ts and record through POST /deployments`,
      });
    }
    return checked(findings);
  },
};
