/** `examples/fastapi/run.sh` and `deploy.sh`: a page that is no app of ours, and its gateway. */
import { StartError } from "@tideline/embedded";
import { deployExample } from "./example-fastapi/deploy-example.js";
import { EXAMPLE_USAGE, parseExampleOptions } from "./example-fastapi/example-options.js";
import { runExample } from "./example-fastapi/run-example.js";
import { runScript } from "./script-error.js";

await runScript(async () => {
  const options = parseExampleOptions(process.argv.slice(2));
  if (options === null) return console.log(EXAMPLE_USAGE);
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted && signal === "SIGINT") process.exit(130);
      stopping.abort();
    });
  }
  const verb = options.verb === "run" ? runExample : deployExample;
  await verb(options, stopping.signal);
}, [StartError]);
