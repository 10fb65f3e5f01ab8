/**
 * A Convex-compatible server in one Node process, for development, tests, demos and one small
 * machine. It knows nothing of the app: hand it a `convex/` folder.
 */
export type { RunningServer, ServerOptions } from "./contract.js";
export { StartError } from "./start-error.js";
export { startServer } from "./start-server.js";
