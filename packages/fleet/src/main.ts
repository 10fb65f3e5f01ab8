#!/usr/bin/env node
import { runCommand } from "./run-command.js";

// Not awaited here: the one-file executable has this entry too, and is a script without modules.
void runCommand(process.argv.slice(2));
