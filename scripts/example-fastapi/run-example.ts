import { REPOSITORY } from "../build-app.js";
import { buildPageScript } from "../build-page-script.js";
import { makeFolder } from "../make-folder.js";
import { nameBuild } from "../name-build.js";
import { ScriptError } from "../script-error.js";
import { choosePort } from "./choose-port.js";
import type { ExampleOptions } from "./example-options.js";
import { startGateway, startPage } from "./example-servers.js";
import {
  findExample,
  type RunningExample,
  removeRunning,
  writeRunning,
  writeVersion,
} from "./example-state.js";
import { openLedger } from "./open-ledger.js";
import { preparePython } from "./prepare-python.js";
import { recordExample } from "./record-example.js";

/** Sent by deploy.sh: start the page again, under the name in the file. */
export const DEPLOY_SIGNAL = "SIGUSR2";

/**
 * Serves the example's page and its gateway until `stopped`, and records what it serves.
 *
 * @throws {ScriptError} For what whoever started it can mend, and when one of its servers ends.
 */
export async function runExample(options: ExampleOptions, stopped: AbortSignal): Promise<void> {
  const { data } = options;
  await refuseSecond(data);
  const python = await preparePython(process.env, (line) => console.log(line));
  await buildPageScript(stopped);
  const { version, warnings } = await nameBuild(REPOSITORY, process.env, Date.now());
  for (const warning of warnings) console.error(`Warning: ${warning}`);
  await makeFolder(data);
  await writeVersion(data, version);

  const failing = new AbortController();
  const over = AbortSignal.any([stopped, failing.signal]);
  const fail = (error: unknown) => failing.abort(error);
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const ledger = await openLedger(process.env, data);
    undo.push(ledger.close);
    const example: RunningExample = {
      pid: process.pid,
      page: `http://127.0.0.1:${await choosePort(options.port)}/`,
      gateway: `http://127.0.0.1:${await choosePort(options.gatewayPort)}`,
      ledger: ledger.url,
      tokenState: ledger.tokenState,
    };
    const gateway = startGateway(example, fail);
    undo.push(() => gateway.stop());
    await gateway.answers(`${example.gateway}/healthz`, over);

    const servePage = () => startPage(python, example, data, fail);
    let page = await servePage();
    undo.push(() => page.stop());
    await page.answers(example.page, over);

    undo.push(() => removeRunning(data));
    const restarts = restartOnSignal(async () => {
      await page.stop();
      if (!over.aborted) page = await servePage();
    }, fail);
    undo.push(restarts.end);
    await writeRunning(data, example);
    await recordExample({ ...example, version, warnings }, [], over);
    console.log(welcome(example, ledger.about));
    await new Promise((resolve) => over.addEventListener("abort", resolve));
    throw over.reason;
  } catch (error) {
    // Whatever was under way when it ended says less than why it ended.
    if (failing.signal.aborted) throw failing.signal.reason;
    if (!stopped.aborted) throw error;
  } finally {
    for (const step of undo.reverse()) await step();
  }
  console.log("Stopped");
}

async function refuseSecond(data: string): Promise<void> {
  const running = await findExample(data);
  if (running === null) return;
  throw new ScriptError(
    `Cannot start the example: it runs already as process ${running.pid}, at ${running.page}; ./examples/fastapi/deploy.sh deploys there`,
  );
}

/** Restarts one after the other, however fast the signals come. */
function restartOnSignal(restart: () => Promise<void>, fail: (error: unknown) => void) {
  let last = Promise.resolve();
  const onSignal = () => {
    last = last.then(restart).catch(fail);
  };
  process.on(DEPLOY_SIGNAL, onSignal);
  return {
    end: async () => {
      process.off(DEPLOY_SIGNAL, onSignal);
      await last;
    },
  };
}

function welcome({ page, gateway, ledger }: RunningExample, about: string): string {
  return `
  The example runs on this machine

    page      ${page}
    gateway   ${gateway}    /version  /events/version  /tideline.js
    ledger    ${ledger}    ${about}

  Next: open the page, and in a second terminal

    git commit --allow-empty -m "Test change"
    ./examples/fastapi/deploy.sh       every open page that is older shows the toast

  Ctrl-C stops it.
`;
}
