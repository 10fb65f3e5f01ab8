import { SignedFleet } from "@tideline/testing/signed-fleet";
import { expect, test } from "vitest";
import { verifyRelease } from "./verify-release.js";

test("verifyRelease() gives the manifest that roots and release keys vouch for", () => {
  const fleet = new SignedFleet();
  const manifest = fleet.manifest();
  expect(verifyRelease(fleet.sign(manifest), fleet.verifyOptions())).toEqual(manifest);
});
