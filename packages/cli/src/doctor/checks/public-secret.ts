import { type Check, checked, type Finding } from "../check.js";
import { stepsOf } from "../workflow.js";

const SECRET_NAME = /\bVITE_\w*(TOKEN|SECRET|PASSWORD|PRIVATE|ADMIN_KEY|DEPLOY_KEY)\w*/;
// Those that are made to be seen.
const PUBLIC_NAME = /PUBLIC|PUBLISHABLE|ANON/;
const FIX =
  "give it a name without VITE_, and use it where no browser is; a secret that was published is none any more";

/** No secret is in a variable that Vite writes into the pages. */
export const publicSecret: Check = {
  name: "public-secret",
  promise: "no secret is in a variable that goes into the pages",
  look: async ({ config, env, files, read, workflows }) => {
    const findings: Finding[] = [];
    const add = (where: string | null, name: string) =>
      findings.push({
        level: "fail",
        where,
        problem: `"${name}" is written into the scripts that everybody loads`,
        fix: FIX,
      });
    for (const name of Object.keys(env)) if (isSecret(name)) add(null, name);
    for (const { name, publicVariables } of config?.services.values() ?? []) {
      for (const variable of publicVariables) {
        if (isSecret(variable)) add(`tideline.config.json, service "${name}"`, variable);
      }
    }
    for (const path of files.filter((file) => /(^|\/)\.env(\.[\w.]+)?$/.test(file))) {
      for (const [index, line] of ((await read(path)) ?? "").split("\n").entries()) {
        const name = /^\s*(?:export\s+)?(VITE_\w+)\s*=/.exec(line)?.[1];
        if (name !== undefined && isSecret(name)) add(`${path}:${index + 1}`, name);
      }
    }
    for (const workflow of workflows) {
      const places = [workflow.env, ...workflow.jobs.map((job) => job.env)];
      for (const { step } of stepsOf(workflow)) places.push(step.env);
      for (const place of places) {
        for (const [name, value] of Object.entries(place)) {
          const isFromSecret = name.startsWith("VITE_") && /\bsecrets\./.test(value);
          if (isFromSecret || isSecret(name)) add(workflow.path, name);
        }
      }
    }
    return checked(findings);
  },
};

function isSecret(name: string): boolean {
  return SECRET_NAME.test(name) && !PUBLIC_NAME.test(name);
}
