import type { LatestDeployment } from "@tideline/version";
import { FUNCTION_NAMES } from "@tideline/version";
import { describe, expect, test, vi } from "vitest";
import type { LedgerClient } from "./ledger-client.js";
import { Rig } from "./rig.js";

/** What reaches a client that watches; only where something can watch. */
export function watchingSuite(getClient: () => LedgerClient): void {
  const rig = () => new Rig(getClient());

  function watch(r: Rig, letter: string) {
    const answers: (LatestDeployment | null)[] = [];
    const args = { ...r.name, buildId: `build-${letter}` };
    const stop = r.client.watch?.(FUNCTION_NAMES.watchLatestDeployment, args, (answer) =>
      answers.push(answer as LatestDeployment | null),
    );
    return { answers, stop: stop ?? expect.fail("this client cannot watch") };
  }

  describe("watching", () => {
    test("every record reaches a watcher, in order", async () => {
      const r = rig();
      const { answers, stop } = watch(r, "a");
      await vi.waitFor(() => expect(answers).toEqual([null]));
      await r.record("a");
      await vi.waitFor(() => expect(answers.at(-1)?.buildId).toBe("build-a"));
      await r.record("b");
      await vi.waitFor(() => expect(answers.at(-1)?.buildId).toBe("build-b"));
      await r.record("a", { allowRollback: true });
      await vi.waitFor(() => expect(answers.at(-1)?.kind).toBe("rollback"));
      expect(answers.map((answer) => answer?.epoch)).toEqual([undefined, 1, 2, 3]);
      stop();
    });

    test("announcing and its end by time reach the watchers of that build", async () => {
      const r = rig();
      await r.record("a");
      const { answers, stop } = watch(r, "b");
      await vi.waitFor(() => expect(answers).toHaveLength(1));
      await r.client.setVariable("TIDELINE_PENDING_TTL_MS", "400");
      await r.announce("b");
      await r.client.setVariable("TIDELINE_PENDING_TTL_MS", null);
      await vi.waitFor(
        () =>
          expect(answers.map((answer) => answer?.clientBuild.state)).toEqual([
            "unknown",
            "pending",
            "known",
          ]),
        { timeout: 10_000 },
      );
      stop();
    });

    test("records of another target and refused ones say nothing to a watcher", async () => {
      const r = rig();
      const other = rig();
      await r.record("a");
      await r.record("b");
      const { answers, stop } = watch(r, "a");
      await vi.waitFor(() => expect(answers).toHaveLength(1));
      await other.record("a");
      await r.record("a", { environment: "staging" });
      expect(await r.record("a")).toMatchObject({ ok: false });
      await r.announce("c");
      // The next record comes after all of those on the same connection.
      await r.record("d");
      await vi.waitFor(() => expect(answers.at(-1)?.buildId).toBe("build-d"));
      expect(answers).toHaveLength(2);
      stop();
    });
  });
}
