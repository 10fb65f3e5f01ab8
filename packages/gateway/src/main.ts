#!/usr/bin/env node
/** The command `tideline-gateway`. Loads the rest only once the Node is known to be new enough. */

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Cannot start: tideline-gateway needs Node 20.19 or newer, this is Node ${process.versions.node}`,
  );
  process.exit(1);
}

const { runCommand } = await import("./run-command.js");
await runCommand(process.argv.slice(2));
