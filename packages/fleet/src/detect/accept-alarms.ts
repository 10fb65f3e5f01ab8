import type { SyncConfig } from "../config/sync-config.js";
import { changeStateFile, readStateFile } from "../engine/state-file.js";
import { withUpstreamsLock } from "./check-upstreams.js";
import {
  alarmKey,
  type UpstreamAlarm,
  type UpstreamMemory,
  upstreamsFile,
} from "./upstream-memory.js";

/** Gives the alarms that stop a subsystem, as the last check found them. */
export async function readAlarms(
  config: Pick<SyncConfig, "state">,
  subsystem: string,
): Promise<readonly UpstreamAlarm[]> {
  const { subsystems } = await readStateFile(upstreamsFile(config.state));
  return subsystems[subsystem]?.alarms ?? [];
}

/**
 * Takes what the alarms of a subsystem say for what is right: somebody has looked. What changes again
 * after that is an alarm again. The next check says what follows.
 *
 * @param tell Is told of them first, while nobody looks at upstreams: if it throws, they stay as they are
 *   for the next time.
 * @returns The alarms that were accepted; none if there was none.
 */
export async function acceptAlarms(
  config: Pick<SyncConfig, "state">,
  subsystem: string,
  signal: AbortSignal,
  tell: (alarms: readonly UpstreamAlarm[]) => Promise<void> = async () => {},
): Promise<readonly UpstreamAlarm[]> {
  return await withUpstreamsLock(config.state, signal, async () => {
    const accepted = await readAlarms(config, subsystem);
    if (accepted.length === 0) return accepted;
    await tell(accepted);
    await changeStateFile(config.state, upstreamsFile(config.state), (before) => {
      const memory = before.subsystems[subsystem];
      if (memory === undefined) return before;
      const after = accepted.reduce(accept, { ...memory, alarms: [] });
      return { ...before, subsystems: { ...before.subsystems, [subsystem]: after } };
    });
    return accepted;
  });
}

function accept(memory: UpstreamMemory, alarm: UpstreamAlarm): UpstreamMemory {
  const { reason, ref, now, remote } = alarm;
  const accepted = [...new Set([...memory.accepted, alarmKey(alarm)])];
  switch (reason) {
    case "TAG_MOVED": {
      const { [ref]: seen, ...tags } = memory.tags;
      if (now === null) return { ...memory, tags };
      const tag = { oid: now, commit: now, remote, seenAt: seen?.seenAt ?? null };
      return { ...memory, tags: { ...tags, [ref]: tag } };
    }
    case "TAG_WITHDRAWN": {
      const { [ref]: _, ...tags } = memory.tags;
      return { ...memory, tags };
    }
    case "BRANCH_REWRITTEN":
      return { ...memory, tips: now === null ? [] : [{ oid: now, remote, seenAt: null }] };
    case "ASSET_REPLACED": {
      const tag = ref.slice(0, ref.lastIndexOf("/"));
      const { [tag]: _, ...releases } = memory.releases;
      return { ...memory, releases };
    }
    case "REMOTES_DISAGREE":
    case "VERSION_UNREADABLE":
      return { ...memory, accepted };
    default:
      return reason satisfies never;
  }
}
