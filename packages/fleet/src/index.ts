export type { SubsystemConfig, SyncConfig } from "./config/sync-config.js";
export type { FleetLedger, PublishAnswer, UpstreamHint } from "./ledger/fleet-ledger.js";
export { type ServiceState, type Supervisor, SupervisorError } from "./supervise/supervisor.js";
export { SyncError } from "./sync-error.js";
