/**
 * Tells pages without Convex what their target serves: `/version`, `/events/version` and a script.
 */
export { createGateway, type Gateway } from "./create-gateway.js";
export type { FetchHandler } from "./fetch-handler.js";
export type { GatewayOptions } from "./gateway-options.js";
export { createLog, type Log, type LogLevel, type LogOptions } from "./log.js";
export type { NodeHandler } from "./node-handler.js";
export { type RunningGateway, type StartOptions, startGateway } from "./start-gateway.js";
export { parseTarget, type Target } from "./target.js";
export type { VersionMessage } from "./version-message.js";
