/** The ledger's functions of the fleet, as typed strings, so that no package imports an app's api. */
export const FLEET_FUNCTIONS = {
  /** query `{channel, token}` -> FleetTarget[]; token: the fleet's read token, which machines have, or the operator's */
  watchTargets: "fleet:watchTargets",
  /** query `{token}` -> FleetView; token: the fleet's view token or the operator's */
  watchFleet: "fleet:watchFleet",
  /** query `{token, channel?, paginationOpts}` -> a page of FleetMachine, by name; token as above */
  listMachines: "fleet:listMachines",
  /** query `{channel, token}` -> UpstreamHint[]: which upstreams were said to have moved, and when */
  watchHints: "fleet:watchHints",
  /** mutation `{enrolToken, signature, …Enrolment}` -> {machineId, enrolledAt}; signature: the key's own over enrolmentText, in base64; again with the same key: the same machine, moved and renamed as told; enrolledAt: since when it is in its channel */
  enrolMachine: "fleet:enrolMachine",
  /** mutation `{token, machineId}` -> {ok: true, wasThere}; operator token; forgets the machine and its key */
  removeMachine: "fleet:removeMachine",
  /** mutation SignedCall of a ReportsMessage -> MachineAnswer */
  reportAttempts: "fleet:reportAttempts",
  /** mutation SignedCall of a PresenceMessage -> MachineAnswer; on connect, and at most once a day */
  reportPresence: "fleet:reportPresence",
  /** mutation `{token, channel, release: SignedRelease}` -> FleetAnswer; operator token */
  publishRelease: "fleet:publishRelease",
  /** mutation `{token, subsystem, remote, ref, oid, tag, isQuarantined, isReleased?}` -> {ok: true, isNew, isQuarantined}; operator token; tag: string or null; isReleased: a person lets the quarantined oid go */
  reportUpstream: "fleet:reportUpstream",
  /** mutation `{token, channel, subsystem, seq, decision: "approve" | "reject", note?}` -> FleetAnswer */
  decideApproval: "fleet:decideApproval",
  /** mutation `{token, channel, subsystem, to: "paused" | "running" | "halted", withoutSilent?, note?}` -> FleetAnswer; running resumes a paused or halted rollout; withoutSilent: and waits no longer for machines of the open ring that have not begun */
  changeRollout: "fleet:changeRollout",
} as const;
