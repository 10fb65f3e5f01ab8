import type { ServiceProgramOptions } from "./service-program.js";

/**
 * The service as a Node script. Its routes: `GET /ready` (200 or 503), `GET /pid`, `GET /version`;
 * everything else is 200 "ok" and counts as a request.
 */
export function nodeSource({
  name = "demo",
  version,
  variant = "good",
  crashAfterRequests = 3,
}: ServiceProgramOptions): string {
  return `#!/usr/bin/env node
"use strict";
const name = ${JSON.stringify(name)};
const version = ${JSON.stringify(version)};
const variant = ${JSON.stringify(variant)};
const crashAfterRequests = ${crashAfterRequests};
${PROGRAM}`;
}

const PROGRAM = `
if (process.argv[2] === "--version") {
  console.log(name + " " + (variant === "wrong-version" ? "0.0.0-other" : version));
  process.exit(0);
}
const fs = require("node:fs");
const http = require("node:http");
const option = (flag) => {
  const at = process.argv.indexOf(flag);
  return at < 0 ? undefined : process.argv[at + 1];
};
const notes = option("--notes");
const readyFile = notes && notes + "/ready-" + process.pid;
let isReady = false;
let requests = 0;
const setReady = (value) => {
  isReady = value;
  if (readyFile && value) fs.writeFileSync(readyFile, "ready");
  if (readyFile && !value) fs.rmSync(readyFile, { force: true });
  console.log(name + " " + version + (value ? " is ready" : " is not ready"));
};
if (notes) fs.appendFileSync(notes + "/starts", process.pid + " " + version + "\\n");
console.log(name + " " + version + " starts");
if (variant === "spoils-data") fs.writeFileSync(notes + "/data", "new");
else if (notes && fs.existsSync(notes + "/data")) {
  console.error("cannot read data of another version");
  process.exit(5);
}
if (variant === "crash-at-start" || variant === "spoils-data") {
  console.error("cannot start: broken");
  process.exit(3);
}
const server = http.createServer((request, response) => {
  const answers = {
    "/ready": () => [isReady ? 200 : 503, isReady ? "ready" : "not ready"],
    "/pid": () => [200, String(process.pid)],
    "/version": () => [200, version],
  };
  const known = answers[request.url];
  if (known === undefined) requests += 1;
  const [status, text] = known ? known() : [200, "ok"];
  response.writeHead(status, { connection: "close" });
  response.end(text);
  if (variant === "crash-later" && requests >= crashAfterRequests) {
    console.error("crashed");
    process.exit(4);
  }
});
const socket = option("--socket");
if (socket) fs.rmSync(socket, { force: true });
server.listen(socket || { port: Number(option("--port") || 0), host: "127.0.0.1" }, () => {
  if (variant !== "never-ready") setReady(true);
});
server.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
process.on("SIGTERM", () => {
  if (variant === "ignores-sigterm") return;
  if (variant === "ends-slowly") setTimeout(() => process.exit(0), 3_000);
  else process.exit(0);
});
process.on("SIGUSR1", () => {
  if (variant === "crash-later") process.exit(4);
});
process.on("SIGUSR2", () => {
  if (variant === "ready-then-not") setReady(false);
});
`;
