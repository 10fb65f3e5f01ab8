/**
 * The server of the real ledger, killed behind a real gateway that has clients, and back with a
 * deployment that the gateway has not heard of.
 */
import { FUNCTION_NAMES } from "@tideline/version";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { EventSource } from "eventsource";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type GatewayProcess, startGatewayProcess } from "../nginx-rig/gateway-process.js";
import { LedgerProcess } from "./ledger-process.js";
import { recordOf } from "./recordings.js";
import { type SwitchableProxy, startSwitchableProxy } from "./switchable-proxy.js";

const CLIENTS = 40;

interface Heard {
  readonly version: string | null;
  readonly stale: boolean;
}

/** A client of the gateway, and all that it was told. */
class Client {
  readonly heard: Heard[] = [];
  opens = 0;
  errors = 0;
  readonly #source: EventSource;
  #wake = () => {};

  constructor(url: string) {
    this.#source = new EventSource(url);
    this.#source.onopen = () => this.opens++;
    this.#source.onerror = () => this.errors++;
    this.#source.addEventListener("version_update", ({ data }) => {
      const { version, stale } = JSON.parse(data) as Heard;
      this.heard.push({ version, stale });
      this.#wake();
    });
  }

  /** Resolves when it was last told this. */
  async until(version: string, stale: boolean): Promise<void> {
    for (;;) {
      const last = this.heard.at(-1);
      if (last?.version === version && last.stale === stale) return;
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  close(): void {
    this.#source.close();
  }
}

let ledger: LedgerProcess;
let wire: SwitchableProxy;
let gateway: GatewayProcess;
let clients: Client[];

beforeEach(async () => {
  ledger = await LedgerProcess.start();
  wire = await startSwitchableProxy(ledger.url);
  gateway = await startGatewayProcess(wire.url);
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.close();
  await gateway.stop("SIGKILL");
  await wire.close();
  await ledger.dispose();
});

const record = (buildId: string) =>
  new ConvexHttpClient(ledger.url, { logger: false }).mutation(
    makeFunctionReference<"mutation">(FUNCTION_NAMES.recordDeployment),
    recordOf("web", buildId, { version: buildId }),
  );
const ask = async () => (await (await fetch(`${gateway.url}/version`)).json()) as Heard;

test("clients keep their stream over the ledger's death, and hear once of what was recorded on its return", async () => {
  await record("a1");
  for (let number = 0; number < CLIENTS; number++) {
    // Most run the build that is live, some another, some say none.
    const question = ["?buildId=a1", "?buildId=a1", "?buildId=z9", ""][number % 4];
    clients.push(new Client(`${gateway.url}/events/version${question}`));
  }
  const all = (version: string, stale: boolean) =>
    Promise.all(clients.map((client) => client.until(version, stale)));
  await all("a1", false);
  // On a busy machine that was not the first message: then the gateway had not heard of it yet.
  for (const client of clients) client.heard.splice(0);

  await ledger.stop("SIGKILL");
  await all("a1", true);
  expect(await ask()).toMatchObject({ version: "a1", stale: true });

  // The ledger is back and takes a record before the gateway can reach it.
  wire.takeOut();
  await ledger.start();
  await record("b2");
  expect(await ask()).toMatchObject({ version: "a1", stale: true });
  wire.putBack();
  await all("b2", false);
  expect(await ask()).toMatchObject({ version: "b2", stale: false });

  // What comes after it says that nothing came between.
  await record("c3");
  await all("c3", false);
  for (const { heard, opens, errors } of clients) {
    expect([opens, errors]).toEqual([1, 0]);
    expect(heard).toEqual([
      { version: "a1", stale: true },
      { version: "b2", stale: false },
      { version: "c3", stale: false },
    ]);
  }
  expect(gateway.output()).not.toContain("SSE connection closed");
});
