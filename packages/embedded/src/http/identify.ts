import type { IncomingMessage } from "node:http";
import type { Identity } from "../contract.js";
import type { AdminKey } from "./admin-key.js";
import { HttpError } from "./http-error.js";

/**
 * Says who sends a request, by its `Authorization` header or its `adminKey` parameter.
 *
 * @throws {HttpError} 401 for a wrong admin key, and for any user's token: there is no sign-in.
 */
export function identify(request: IncomingMessage, url: URL, adminKey: AdminKey): Identity {
  const header = request.headers.authorization ?? "";
  const shown = /^Convex\s+(.+)$/i.exec(header)?.[1] ?? url.searchParams.get("adminKey");
  if (shown !== null && shown !== undefined) {
    const identity = adminKey.identify(shown.trim());
    if (identity !== null) return identity;
    throw new HttpError(401, "BadAdminKey", "The provided admin key was invalid for this instance");
  }
  if (header === "") return { kind: "none" };
  throw new HttpError(
    401,
    "NoAuthProvider",
    "No auth provider found matching the given token (no providers configured). Check convex/auth.config.ts.",
  );
}

/** @throws {HttpError} 403 if it is not the admin who asks. */
export function requireAdmin(identity: Identity): void {
  if (identity.kind === "admin") return;
  throw new HttpError(
    403,
    "Forbidden",
    'This needs the deployment\'s admin key in the header "Authorization: Convex <key>"',
  );
}
