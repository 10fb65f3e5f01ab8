import { createHash } from "node:crypto";
import type { LatestDeployment } from "@tideline/version";
import { makePayload, type Payload } from "./payload.js";
import type { Target } from "./target.js";

/** What a client is told, as the data of an event and as the body of `/version`. */
export interface VersionMessage {
  readonly type: "version";
  /** The live build's label for people; null while nothing is recorded or heard. */
  readonly version: string | null;
  /** True while the ledger cannot be reached, so that this may be out of date. */
  readonly stale: boolean;
  readonly appName: string;
  readonly environment: string;
  /** The build that `latest.clientBuild` speaks of. */
  readonly buildId: string | null;
  /** Null when nothing is recorded; absent while the ledger was never heard. */
  readonly latest?: LatestDeployment | null;
}

/** A message with everything that is made of it, once for all who get it. */
export interface PreparedMessage {
  readonly message: VersionMessage;
  /** The JSON. */
  readonly body: string;
  /** A strong entity tag of the body (RFC 9110 8.8.3). */
  readonly etag: string;
  /** The whole event, ready to be sent. */
  readonly event: string;
  readonly payload: Payload;
}

/** What is known of a topic. */
export interface Knowledge {
  readonly buildId: string | null;
  /** Undefined while the ledger was never heard. */
  readonly latest: LatestDeployment | null | undefined;
  readonly isStale: boolean;
}

/** Makes the message about a target, and its bytes. */
export function prepareMessage(
  { appName, environment }: Target,
  { buildId, latest, isStale }: Knowledge,
): PreparedMessage {
  const message: VersionMessage = {
    ...{ type: "version", version: latest?.version ?? null, stale: isStale },
    ...{ appName, environment, buildId },
    ...(latest === undefined ? {} : { latest }),
  };
  const body = JSON.stringify(message);
  // Without an answer there is no epoch; the client keeps the id that it has.
  const id = latest === undefined ? "" : `id: ${latest?.epoch ?? 0}\n`;
  const event = `${id}event: version_update\ndata: ${body}\n\n`;
  return {
    message,
    body,
    etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 27)}"`,
    event,
    payload: makePayload(event),
  };
}

/** Says whether a client of a build learns nothing by one message that it has not by the other. */
export function saysTheSame(
  buildId: string | null,
  one: PreparedMessage | null,
  other: PreparedMessage | null,
): boolean {
  if (one === null || other === null) return false;
  const [a, b] = [one.message, other.message];
  if (a.stale !== b.stale) return false;
  // While its build is live, nothing that is known of it matters.
  const isLive = a.latest?.buildId === buildId;
  const essence = ({ latest }: VersionMessage) =>
    JSON.stringify(isLive && latest ? { ...latest, clientBuild: null } : latest);
  return essence(a) === essence(b);
}
