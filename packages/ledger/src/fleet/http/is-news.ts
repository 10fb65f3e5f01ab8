/**
 * Says whether an event may mean that an upstream has a new version. Where the body does not tell,
 * it may: a reading too much costs little.
 *
 * @param event The header `X-GitHub-Event`.
 * @param bytes The body; only a release's `action` is looked at.
 */
export function isNews(event: string, bytes: Uint8Array): boolean {
  switch (event) {
    case "push":
    case "create":
      return true;
    case "release":
      // Drafts that are published later say so later; `prereleased` comes with `published`.
      return ["published", "released", "edited", undefined].includes(actionOf(bytes));
    default:
      return false;
  }
}

function actionOf(bytes: Uint8Array): string | undefined {
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const isObject = typeof body === "object" && body !== null && "action" in body;
    return isObject && typeof body.action === "string" ? body.action : undefined;
  } catch {
    // A form, or letters that are none; the signature was good all the same.
    return undefined;
  }
}
