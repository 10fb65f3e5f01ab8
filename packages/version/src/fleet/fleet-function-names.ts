/** The ledger's functions of the fleet, as typed strings, so that no package imports an app's api. */
export const FLEET_FUNCTIONS = {
  /** query `{channel, token}` -> FleetTarget[]; token: the fleet's read token */
  watchTargets: "fleet:watchTargets",
  /** query `{token}` -> FleetView; token: the fleet's read token or the operator's */
  watchFleet: "fleet:watchFleet",
  /** query `{channel, token}` -> UpstreamHint[]: which upstreams were said to have moved, and when */
  watchHints: "fleet:watchHints",
  /** mutation `{enrolToken, publicKey, name, channel, platform}` -> {machineId, enrolledAt} */
  enrolMachine: "fleet:enrolMachine",
  /** mutation SignedCall of {kind: "reports", reports: AttemptReport[]} -> {ok} */
  reportAttempts: "fleet:reportAttempts",
  /** mutation SignedCall of {kind: "presence", running: …} -> {ok}; on connect, and at most once a day */
  reportPresence: "fleet:reportPresence",
  /** mutation `{token, channel, release: SignedRelease}` -> {ok, mode, generation} | {ok: false, code, message}; operator token */
  publishRelease: "fleet:publishRelease",
  /** mutation `{token, subsystem, remote, ref, oid, tag, isQuarantined}`; operator token */
  reportUpstream: "fleet:reportUpstream",
  /** mutation `{token, channel, subsystem, seq, decision: "approve" | "reject", note?}` */
  decideApproval: "fleet:decideApproval",
  /** mutation `{token, channel, subsystem, to: "paused" | "running" | "halted", note?}`; running resumes a paused or halted rollout */
  changeRollout: "fleet:changeRollout",
} as const;
