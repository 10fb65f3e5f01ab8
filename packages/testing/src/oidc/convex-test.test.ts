/** The route where Convex's own test library runs it, whose actions and mutations are others. */
import { convexTest } from "convex-test";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import schema from "../../../../convex/schema.js";
import { OidcIssuer, RUN_SHA } from "./issuer.js";
import { TRUST } from "./rig.js";

let issuer: OidcIssuer;
beforeAll(async () => {
  issuer = await OidcIssuer.start();
  issuer.audience = "https://a.convex.site";
  vi.stubEnv("TIDELINE_GITHUB_ISSUER", issuer.url);
  vi.stubEnv("TIDELINE_GITHUB_TRUST", JSON.stringify(TRUST));
  vi.stubEnv("CONVEX_SITE_URL", issuer.audience);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await issuer.close();
});

test("a good token records once, a replayed and a hostile one do not", async () => {
  const t = convexTest(schema, {
    "../../../../convex/deployments.ts": () => import("../../../../convex/deployments.js"),
    "../../../../convex/http.ts": () => import("../../../../convex/http.js"),
    "../../../../convex/_generated/api.js": () => import("../../../../convex/_generated/api.js"),
  });
  const record = {
    ...{ action: "finish", appName: "web", environment: "production", version: "1.0.0" },
    ...{ gitCommit: RUN_SHA, buildNumber: 1, buildTime: 0, buildId: "a" },
  };
  const post = async (token: string) => {
    const response = await t.fetch("/deployments", {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify(record),
    });
    const { ok, code } = (await response.json()) as { ok?: boolean; code?: string };
    return [response.status, ok ?? code];
  };
  const good = issuer.token();
  expect(await post(good)).toEqual([200, true]);
  expect(await post(good)).toEqual([401, "UNAUTHENTICATED"]);
  expect(await post(issuer.token({ claims: { repository_id: "7" } }))).toEqual([
    403,
    "NOT_TRUSTED",
  ]);
  expect(await post(issuer.token({ header: { kid: "x" } }))).toEqual([401, "UNAUTHENTICATED"]);
  expect(issuer.fetches).toBe(1);
  const rows = await t.run((ctx) => ctx.db.query("deployments").collect());
  expect(rows).toMatchObject([{ recordedBy: "github:acme/shop", status: "live" }]);
});
