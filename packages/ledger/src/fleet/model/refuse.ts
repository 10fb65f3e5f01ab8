import type { FleetAnswer, FleetRefusalCode } from "@tideline/version/fleet";
import type { FleetMutationCtx } from "../fleet-data-model.js";
import type { Publication } from "./publish-release.js";
import { writeAudit } from "./write-audit.js";

/** Answers a known publisher whose release is not taken, and writes it down. */
export async function refuse(
  ctx: FleetMutationCtx,
  { channel, manifest, actor }: Publication,
  code: FleetRefusalCode,
  why: string,
): Promise<FleetAnswer> {
  const { subsystem, seq, version } = manifest;
  const note = `${code}: it ${why}`;
  await writeAudit(ctx, { actor, action: "refused", channel, subsystem, seq, version, note });
  return { ok: false, code, message: `Cannot publish release ${seq} of "${subsystem}": it ${why}` };
}
