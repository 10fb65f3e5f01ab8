/**
 * Two programs, `systemctl` and `journalctl`, with the words of systemd's (252), over the services of
 * a built-in supervisor: for machines on which no systemd runs. They start, end and tell of real processes.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Where the programs lie, and what was asked of them. */
export interface SystemctlRig {
  readonly systemctl: string;
  readonly journalctl: string;
  /** The command lines of `systemctl` so far. */
  readonly calls: () => Promise<string[]>;
  /** From now on every change is answered as by a systemd that does not know the user. */
  readonly deny: () => Promise<void>;
}

/**
 * @param socket Of the built-in supervisor; while it does not listen, systemd "has not been booted".
 * @param types `Type=` of each unit; "simple" if it is not there.
 */
export async function writeSystemctl(
  folder: string,
  socket: string,
  types: Readonly<Record<string, string>>,
): Promise<SystemctlRig> {
  await mkdir(folder, { recursive: true });
  const settings = `const settings = ${JSON.stringify({ folder, socket, types })};\n`;
  const write = async (name: string, program: string) => {
    const path = join(folder, name);
    await writeFile(path, `#!${process.execPath}\n"use strict";\n${settings}${COMMON}${program}`, {
      mode: 0o755,
    });
    return path;
  };
  return {
    systemctl: await write("systemctl", SYSTEMCTL),
    journalctl: await write("journalctl", JOURNALCTL),
    calls: async () => (await readFile(join(folder, "calls"), "utf8")).trim().split("\n"),
    deny: () => writeFile(join(folder, "denied"), ""),
  };
}

const COMMON = `
const fs = require("node:fs");
const http = require("node:http");
const args = process.argv.slice(2);
const words = args.filter((arg) => !arg.startsWith("-"));
const fail = (code, text) => {
  process.stderr.write(text + "\\n");
  process.exit(code);
};
const ask = (method, path, onAnswer) => {
  const call = http.request({ socketPath: settings.socket, method, path }, (answer) => {
    let text = "";
    answer.on("data", (part) => { text += part; });
    answer.on("end", () => onAnswer(answer.statusCode, JSON.parse(text)));
  });
  call.on("error", () => fail(1,
    "System has not been booted with systemd as init system (PID 1). Can't operate.\\n" +
    "Failed to connect to bus: Host is down"));
  call.end();
  return call;
};
`;

const SYSTEMCTL = `
fs.appendFileSync(settings.folder + "/calls", args.join(" ") + "\\n");
const [verb, unit] = words;
const full = unit.includes(".") ? unit : unit + ".service";
const name = encodeURIComponent(full.replace(/\\.service$/, ""));
const show = (values) => {
  const wanted = args.find((arg) => arg.startsWith("--property=")).slice(11).split(",");
  for (const [key, value] of Object.entries(values)) {
    if (wanted.includes(key)) console.log(key + "=" + value);
  }
};
const type = settings.types[full.replace(/\\.service$/, "")] || "simple";
const states = (state) => {
  switch (state.status) {
    case "Running": return type === "notify" && state.is_ready !== "Ready"
      ? ["activating", "start"] : ["active", "running"];
    case "Terminating": return ["deactivating", "stop-sigterm"];
    case "Restarting": return ["activating", "auto-restart"];
    default: return state.exit_code === 0 ? ["inactive", "dead"] : ["failed", "failed"];
  }
};
ask("GET", "/process/" + name, (status, state) => {
  if (status !== 200) {
    if (verb !== "show") fail(5, "Failed to " + verb + " " + full + ": Unit " + full + " not found.");
    return show({ Type: "simple", MainPID: 0, NRestarts: 0, LoadState: "not-found",
      ActiveState: "inactive", SubState: "dead" });
  }
  if (verb === "show") {
    const [active, sub] = states(state);
    const bySignal = state.exit_code > 128;
    const hasEnded = state.exit_code !== 0;
    // While it stops, the process that stops is its main process.
    const hasProcess = state.is_running || state.status === "Terminating";
    return show({ Type: type, MainPID: hasProcess ? state.pid : 0, NRestarts: state.restarts,
      TimeoutStopUSec: "1min 30s", TimeoutStartUSec: "1min 30s",
      ExecMainExitTimestampMonotonic: hasEnded ? 1234567 : 0,
      ExecMainCode: hasEnded ? (bySignal ? 2 : 1) : 0,
      ExecMainStatus: bySignal ? state.exit_code - 128 : state.exit_code,
      LoadState: "loaded", ActiveState: active, SubState: sub });
  }
  if (fs.existsSync(settings.folder + "/denied")) {
    fail(4, "Failed to " + verb + " " + full + ": Access denied");
  }
  if (verb === "reset-failed") return;
  // --no-block: it leaves when the job is queued.
  ask("POST", "/process/" + verb + "/" + name, () => {}).on("finish", () => setTimeout(() => process.exit(0), 20));
});
`;

const JOURNALCTL = `
const value = (flag) => args[args.indexOf(flag) + 1];
const name = encodeURIComponent(value("-u").replace(/\\.service$/, ""));
ask("GET", "/process/logs/" + name + "/0/" + value("-n"), (status, { logs }) => {
  // Of a unit that it has never heard of, journalctl has no lines.
  for (const line of status === 200 ? logs : []) console.log(line);
});
`;
