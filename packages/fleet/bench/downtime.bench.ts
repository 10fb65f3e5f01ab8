/**
 * How long one service is away when it is updated, beside its supervisor restarting it without an
 * update, and how long the program itself takes to start.
 *
 *   npm run bench -- fleet/bench/downtime            15 rounds
 *   npm run bench -- fleet/bench/downtime --quick    5
 *
 * Ends with status 1 if any update kept the service away for more than 1.3 s and its own start.
 *
 * A service of ours, a Node program, on a port: under a real process-compose with the shortest
 * back-off that it has, 1 s, and under the built-in supervisor. A client in a process of its own
 * asks it over and over; away is from its last answer "ready" to its first one again. A round is the
 * three in turns: the program alone, a restart by the supervisor, an update by the engine (download,
 * sha256, exec test, swap, restart, gate, soak). Without process-compose its half is left out, loudly.
 *
 * How it could mislead: engine, supervisor, service, and client share the machine's cores, while a
 * machine that is updated may have more or less to do. The client waits 1 ms between requests, so a
 * time is too long by 2 ms at most. The program ends at once when it is told to, and starts quickly;
 * one that has to close its files first is away for as much longer.
 */

import { median, printTable } from "../../embedded/bench/support/table.js";
import { findProcessCompose } from "../../testing/src/find-process-compose.js";
import { Asker, clock } from "./support/asker.js";
import { end, ServiceMachine } from "./support/service-machine.js";

const LIMIT_MS = 1_300;
const ROUNDS = process.argv.includes("--quick") ? 5 : 15;

interface Round {
  readonly start: number;
  readonly restart: number;
  readonly update: number;
}

const processCompose = await findProcessCompose();
const asker = new Asker();
const rows: string[][] = [];
try {
  if (processCompose !== null) await measure("process-compose", processCompose);
  await measure("built-in", null);
} finally {
  asker.close();
}
console.log(`\nAway, in ms (${ROUNDS} rounds)`);
printTable(["", "median", "most", "beside the restart", "without its own start", "limit"], rows);

async function measure(name: string, program: string | null): Promise<void> {
  const machine = await ServiceMachine.start({
    ...{ processCompose: program, listen: "port", soakMs: 200 },
  });
  const rounds: Round[] = [];
  try {
    // The first round warms caches and does not count.
    for (let round = -1; round < ROUNDS; round++) {
      const measured = {
        start: await ownStart(machine),
        restart: await away(machine, () => machine.restart()),
        update: await away(machine, () => install(machine)),
      };
      if (round >= 0) rounds.push(measured);
    }
  } finally {
    await machine.dispose();
  }
  report(name, rounds);
}

async function ownStart(machine: ServiceMachine): Promise<number> {
  asker.ask(machine.bareAddress);
  const startedAt = clock();
  const child = machine.spawnBare();
  const readyAt = await asker.ready();
  asker.ask(null);
  await end(child);
  return readyAt - startedAt;
}

async function away(machine: ServiceMachine, act: () => Promise<unknown>): Promise<number> {
  asker.ask(machine.address);
  await asker.ready();
  const outage = asker.outage();
  const [{ ms }] = await Promise.all([outage, act()]);
  await machine.until(({ isReady }) => isReady === true);
  asker.ask(null);
  return ms;
}

async function install(machine: ServiceMachine): Promise<void> {
  const outcome = await machine.update("good");
  if (outcome.state !== "committed") throw new Error(`Cannot measure: ${JSON.stringify(outcome)}`);
}

function report(name: string, rounds: readonly Round[]): void {
  const of = (key: keyof Round) => rounds.map((round) => round[key]);
  const own = median(of("start"));
  const beside = median(rounds.map(({ update, restart }) => update / restart));
  const most = Math.max(...of("update")) - own;
  const isMissed = most > LIMIT_MS;
  if (isMissed) process.exitCode = 1;
  const figures = (key: keyof Round) => [
    median(of(key)).toFixed(0),
    Math.max(...of(key)).toFixed(0),
  ];
  rows.push(
    [`${name}: the program's own start`, ...figures("start"), "", "", ""],
    [`${name}: restart alone`, ...figures("restart"), "1", "", ""],
    [
      ...[`${name}: update`, ...figures("update"), beside.toFixed(2)],
      ...[`at most ${most.toFixed(0)}`, `<= ${LIMIT_MS}${isMissed ? ", MISSED" : ""}`],
    ],
  );
}
