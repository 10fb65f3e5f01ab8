export { crashAll, type Standing, standStill } from "./crash-batch.js";
export { type CrashResult, type CrashWork, reportsPath } from "./crash-process.js";
export { type EngineMachine, type EngineMachineOptions, startMachine } from "./engine-machine.js";
export { FileHost } from "./file-host.js";
export { RecordingLedger } from "./recording-ledger.js";
export { type Published, ReleaseLine } from "./release-line.js";
