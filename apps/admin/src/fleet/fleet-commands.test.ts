import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FleetRolloutView } from "@tideline/version/fleet";
import { afterAll, describe, expect, test } from "vitest";
import {
  approveAdvice,
  haltAdvice,
  pauseAdvice,
  rejectAdvice,
  resumeAdvice,
  revertAdvice,
  withoutSilentAdvice,
} from "./fleet-commands.js";
import { sampleAct, sampleRollout, sampleSubsystem } from "./sample-fleet.js";

const STABLE = sampleSubsystem();
const BETA = sampleSubsystem({ channel: "beta" });

describe("what a shell makes of the command", () => {
  const folder = mkdtempSync(join(tmpdir(), "tideline-commands-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  // In place of the program: says the arguments that it got.
  const program = join(folder, "tideline-sync");
  writeFileSync(program, '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
  const argumentsOf = (command: string): string[] =>
    execFileSync("/bin/sh", ["-c", command], {
      env: { PATH: `${folder}:/usr/bin:/bin` },
      encoding: "utf8",
    })
      .trimEnd()
      .split("\n");

  test.each([
    [approveAdvice(STABLE), ["approve", "nats"]],
    [approveAdvice(BETA), ["approve", "nats", "--channel", "beta"]],
    [rejectAdvice(STABLE), ["approve", "nats", "--reject", "--note", "…"]],
    [pauseAdvice(STABLE), ["rollout", "pause", "nats", "--note", "…"]],
    [resumeAdvice(BETA), ["rollout", "resume", "nats", "--channel", "beta"]],
    [withoutSilentAdvice(STABLE), ["rollout", "resume", "nats", "--without-silent"]],
    [haltAdvice(BETA), ["rollout", "halt", "nats", "--channel", "beta", "--note", "…"]],
    [revertAdvice(STABLE, []), ["publish", "nats", "--revert", "SEQ", "--notes", "…"]],
  ])("$command", ({ command }, words) => {
    expect(argumentsOf(command)).toEqual(words);
  });
});

describe("to what a revert goes back", () => {
  const completed = (seq: number, version: string, channel = "stable") =>
    sampleAct({ action: "complete", seq, version, channel });
  const AUDIT = [completed(6, "2.10.24"), completed(5, "2.10.23", "beta"), completed(4, "2.10.22")];

  test.each<[string, FleetRolloutView | null, string, string]>([
    ["what is settled, while another is on its way", sampleRollout(), "--revert 6", "2.10.24"],
    [
      "what was settled before, while another only waits",
      sampleRollout({ mode: "waiting-for-approval" }),
      "--revert 4",
      "2.10.22",
    ],
    ["what was settled before, while nothing is on its way", null, "--revert 4", "2.10.22"],
  ])("%s", (_, rollout, option, version) => {
    const { command, sentence } = revertAdvice(sampleSubsystem({ rollout }), AUDIT);
    expect(command).toContain(option);
    expect(sentence).toContain(`publishes ${version} again`);
  });

  test("where the audit does not say, a person does", () => {
    const { command, sentence } = revertAdvice(STABLE, AUDIT.slice(0, 2));
    expect(command).toContain("--revert SEQ");
    expect(sentence).toContain("its number takes SEQ's place");
  });

  test("in another channel than the usual, the configuration has to name it", () => {
    expect(revertAdvice(BETA, AUDIT).sentence).toContain("and machine.channel is beta");
  });
});
