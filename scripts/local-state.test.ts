import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadFleetSettings, loadRecordToken } from "./local-state.js";

let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "tideline-state-"));
});
afterEach(() => rm(state, { recursive: true }));

const FILES = {
  TIDELINE_FLEET_TOKEN: "fleet-token",
  TIDELINE_FLEET_READ_TOKEN: "fleet-read-token",
  TIDELINE_FLEET_VIEW_TOKEN: "fleet-view-token",
  TIDELINE_FLEET_ENROL_TOKEN: "fleet-enrol-token",
};

test("the first start makes the fleet's tokens, each of its own and for its owner alone", async () => {
  const settings = await loadFleetSettings(state, {});
  expect(Object.keys(settings)).toEqual(Object.keys(FILES));
  const all = [...Object.values(settings), await loadRecordToken(state)];
  expect(new Set(all).size).toBe(5);
  for (const [name, file] of Object.entries(FILES)) {
    expect(await readFile(join(state, file), "utf8")).toBe(`${settings[name]}\n`);
    expect((await stat(join(state, file))).mode & 0o777).toBe(0o600);
  }
  expect(await loadFleetSettings(state, {})).toEqual(settings);
});

test("what the environment says is taken instead, and the other settings only from there", async () => {
  const env = {
    TIDELINE_FLEET_TOKEN: " from-the-environment ",
    TIDELINE_WEBHOOK_SECRETS: "nats=a-webhook-secret-0123",
    TIDELINE_HISTORY_LIMIT: "4",
  };
  expect(await loadFleetSettings(state, env)).toMatchObject({
    TIDELINE_FLEET_TOKEN: "from-the-environment",
    TIDELINE_WEBHOOK_SECRETS: "nats=a-webhook-secret-0123",
  });
  expect(Object.keys(await loadFleetSettings(state, env))).not.toContain("TIDELINE_HISTORY_LIMIT");
  await expect(stat(join(state, "fleet-token"))).rejects.toThrow("ENOENT");
});

test("a token that somebody cut off is not used", async () => {
  await writeFile(join(state, "fleet-read-token"), "short\n");
  await expect(loadFleetSettings(state, {})).rejects.toThrow(
    /Cannot use the fleet read token in ".*fleet-read-token": it is too short; delete it/,
  );
});
