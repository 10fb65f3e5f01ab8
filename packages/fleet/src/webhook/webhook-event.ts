/** What a delivery is about, as far as this receiver reads it. */
import type { UpstreamConfig } from "../config/sync-config.js";

/** What a delivery asks for. */
export type WebhookEvent =
  | { readonly kind: "wake"; readonly what: string }
  | { readonly kind: "ping" }
  | { readonly kind: "ignored"; readonly why: string };

/**
 * Says whether a delivery may mean that the subsystem has moved. It is a hint alone, and reading the
 * truth anew is cheap: whatever cannot be told wakes.
 *
 * @param event `X-GitHub-Event`.
 * @param payload The body as parsed, or undefined if it cannot be.
 * @param upstream Of the subsystem; null for one that is only downloaded.
 */
export function readWebhookEvent(
  event: string,
  payload: unknown,
  upstream: UpstreamConfig | null,
): WebhookEvent {
  switch (event) {
    case "ping":
      return { kind: "ping" };
    case "push":
      return readPush(textOf(payload, "ref"), upstream);
    case "create": {
      const type = textOf(payload, "ref_type");
      const isForeign = type === "branch" || type === "repository";
      return isForeign
        ? { kind: "ignored", why: `a new ${type} is no release` }
        : { kind: "wake", what: `create ${textOf(payload, "ref") ?? "?"}` };
    }
    case "release": {
      // A draft that is published says `published`, also if it is a prerelease; the other actions
      // come before it, after it, or besides it.
      const action = textOf(payload, "action");
      return action === "published" || action === null
        ? { kind: "wake", what: `release ${action ?? "?"}` }
        : { kind: "ignored", why: `only release.published counts, not release.${action}` };
    }
    default:
      return { kind: "ignored", why: "only ping, push, create and release count" };
  }
}

function readPush(ref: string | null, upstream: UpstreamConfig | null): WebhookEvent {
  const wake = { kind: "wake", what: `push ${ref ?? "?"}` } as const;
  if (ref === null || upstream === null) return wake;
  if (upstream.strategy === "commits") {
    const tracked = `refs/heads/${upstream.branch}`;
    return ref === tracked ? wake : { kind: "ignored", why: `only ${tracked} is tracked` };
  }
  return ref.startsWith("refs/heads/") ? { kind: "ignored", why: "only tags are tracked" } : wake;
}

/** A delivery's text is shown in logs: what is no short word is not taken from it. */
function textOf(payload: unknown, key: string): string | null {
  if (typeof payload !== "object" || payload === null) return null;
  const value = (payload as Readonly<Record<string, unknown>>)[key];
  return typeof value === "string" && /^[\w./@+-]{1,200}$/.test(value) ? value : null;
}
