/**
 * `npm run record-deployment`: `tideline record` under the name that deployment pipelines know.
 * With APP_NAME set and no artifact named, it is the one of the app of that name.
 */
import { runHere } from "@tideline/cli";

const args = process.argv.slice(2);
const namesArtifact = args.some((argument) => /^--(dist|file|label|published)(=|$)/.test(argument));
const { APP_NAME } = process.env;
const artifact = APP_NAME && !namesArtifact ? ["--dist", `apps/${APP_NAME}/dist`] : [];
await runHere(["record", ...artifact, ...args]);
