// @vitest-environment happy-dom

import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import type { FleetSubsystem, FleetView } from "@tideline/version/fleet";
import { afterEach, expect, test, vi } from "vitest";
import { FleetBoard } from "./fleet-board.js";
import {
  sampleAct,
  sampleInstall,
  sampleMachine,
  sampleRing,
  sampleRollout,
  sampleSubsystem,
  sampleView,
} from "./sample-fleet.js";

afterEach(cleanup);

const onFilter = vi.fn();

function board(parts: Partial<FleetView> = {}, { filter = "", state = "" } = {}) {
  const view = sampleView(parts);
  const { machines } = view;
  return (
    <FleetBoard
      {...{ view, machines, filter, state, onFilter }}
      url="https://happy-otter-123.convex.cloud"
      onForget={() => {}}
    />
  );
}

const buttons = (within_: HTMLElement) =>
  within(within_)
    .getAllByRole("button")
    .map((button) => button.textContent);
const rowNames = () =>
  [...document.querySelectorAll("[data-row] [data-row-button]")].map((row) => row.textContent);

const ALL_BEGAN = sampleRollout({
  rings: [sampleRing({ state: "open", machines: 5, started: 5, committed: 2 })],
});
const NONE_WELL = sampleRollout({
  rings: [sampleRing({ state: "open", machines: 5, started: 2 })],
});
const WAITING = sampleSubsystem({ rollout: sampleRollout({ mode: "waiting-for-approval" }) });

test.each<[string, FleetSubsystem, string[]]>([
  ["settled", sampleSubsystem(), ["Revert"]],
  ["before its first release settled", sampleSubsystem({ settled: null }), []],
  ["waiting for approval", WAITING, ["Approve", "Reject", "Revert"]],
  ["running", sampleSubsystem({ rollout: ALL_BEGAN }), ["Pause", "Halt", "Revert"]],
  [
    "running while some are silent",
    sampleSubsystem({ rollout: sampleRollout() }),
    ["Pause", "Do not wait", "Halt", "Revert"],
  ],
  [
    "running before anybody is well",
    sampleSubsystem({ rollout: NONE_WELL }),
    ["Pause", "Halt", "Revert"],
  ],
  [
    "paused",
    sampleSubsystem({ rollout: sampleRollout({ mode: "paused" }) }),
    ["Resume", "Halt", "Revert"],
  ],
  ["halted", sampleSubsystem({ rollout: sampleRollout({ mode: "halted" }) }), ["Resume", "Revert"]],
  [
    "running while a major one waits",
    sampleSubsystem({ rollout: ALL_BEGAN, waiting: WAITING.rollout }),
    ["Approve", "Reject", "Pause", "Halt", "Revert"],
  ],
])("a subsystem that is %s offers what can be done then", (_, subsystem, names) => {
  render(board({ subsystems: [subsystem] }));
  const card = screen.getByRole("article", { name: "nats" });
  const found = within(card)
    .queryAllByRole("button")
    .map((button) => button.textContent);
  expect(found).toEqual(names.map((name) => `${name}nats in stable`));
});

test.each([
  ["running", "Open"],
  ["halted", "Halted"],
  ["paused", "Paused"],
] as const)("the open ring of a %s rollout is announced as %s", (mode, word) => {
  render(board({ subsystems: [sampleSubsystem({ rollout: sampleRollout({ mode }) })] }));
  const [ring] = within(screen.getByRole("list", { name: "Rings" })).getAllByRole("listitem");
  expect(ring?.textContent).toContain(`: ${word}.`);
});

test("a button opens its command, and closes it again; nothing is sent anywhere", () => {
  render(board({ subsystems: [WAITING] }));
  const approve = screen.getByRole("button", { name: /^Approve/ });
  expect(screen.queryByRole("region", { name: "Approve nats in stable" })).toBeNull();
  fireEvent.click(approve);
  const panel = screen.getByRole("region", { name: "Approve nats in stable" });
  expect(panel.textContent).toContain("tideline-sync approve nats");
  expect(buttons(panel)).toHaveLength(1);
  expect(within(panel).getByRole("button", { name: "Copy command" })).toBeTruthy();
  fireEvent.click(approve);
  expect(screen.queryByRole("region", { name: "Approve nats in stable" })).toBeNull();
});

test("what is on its way stands before what is settled", () => {
  const subsystems = [
    sampleSubsystem({ subsystem: "arc" }),
    sampleSubsystem({ rollout: sampleRollout() }),
  ];
  render(board({ subsystems }));
  expect(
    screen.getAllByRole("article").map((card) => card.querySelector("h3")?.textContent),
  ).toEqual(["nats", "arc"]);
});

test("an open command stays open when the fleet moves on", () => {
  const { rerender } = render(
    board({ subsystems: [sampleSubsystem({ rollout: sampleRollout() })] }),
  );
  fireEvent.click(screen.getByRole("button", { name: /^Pause/ }));
  const rollout = sampleRollout({ ring: 1, note: "moved on" });
  rerender(
    board({ subsystems: [sampleSubsystem({ subsystem: "arc" }), sampleSubsystem({ rollout })] }),
  );
  expect(screen.getByText("moved on")).toBeTruthy();
  expect(screen.getByRole("region", { name: "Pause nats in stable" })).toBeTruthy();
});

test("machines stand by name, numbers as numbers, whoever reported last", () => {
  const machines = ["shop-10", "shop-2", "arc"].map((name, index) =>
    sampleMachine({ name, machineId: name, lastSeenAt: index }),
  );
  render(board({ machines }));
  expect(rowNames()).toEqual(["arc", "shop-2", "shop-10"]);
});

test("the address chooses machines by text and by how they fare", () => {
  const outlier = [sampleInstall({ isOutlier: true })];
  const machines = [
    sampleMachine({ machineId: "a", name: "shop-a" }),
    sampleMachine({ machineId: "b", name: "shop-b", subsystems: outlier }),
    sampleMachine({ machineId: "c", name: "other", subsystems: outlier }),
  ];
  const { rerender } = render(board({ machines }, { state: "outlier" }));
  expect(rowNames()).toEqual(["other", "shop-b"]);
  rerender(board({ machines }, { state: "outlier", filter: "shop" }));
  expect(rowNames()).toEqual(["shop-b"]);
  expect(screen.getByRole("heading", { name: "Machines 1 of 3" })).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: /^All/ }));
  expect(onFilter).toHaveBeenLastCalledWith({ filter: "shop", state: "" });
  rerender(board({ machines }, { filter: "nowhere" }));
  fireEvent.click(screen.getByRole("button", { name: "Clear the filter" }));
  expect(onFilter).toHaveBeenLastCalledWith({ filter: "", state: "" });
});

test("an outlier, a machine that needs somebody and a moved tag are said before everything else", () => {
  const helpless = sampleInstall({
    attempt: {
      ...{ seq: 7, version: "2.10.25", state: "needs-operator", reason: "ROLLBACK_FAILED" },
      ...{ detail: null, at: 0 },
    },
  });
  const machines = [
    sampleMachine({ machineId: "a", subsystems: [sampleInstall({ isOutlier: true })] }),
    sampleMachine({ machineId: "b", subsystems: [helpless] }),
  ];
  const upstream = { subsystem: "nats", remote: "https://git.example/nats", tag: "v2.10.25" };
  render(
    board({
      machines,
      upstreams: [
        {
          ...upstream,
          ref: "refs/tags/v2.10.25",
          oid: "a".repeat(40),
          isQuarantined: true,
          seenAt: 0,
        },
      ],
    }),
  );
  const alerts = screen.getAllByRole("status")[0]?.textContent ?? "";
  expect(alerts).toContain("1 machine runs other bytes than the release that it names");
  expect(alerts).toContain("1 machine needs somebody");
  expect(alerts).toContain("v2.10.25 of nats is another commit now at https://git.example/nats");
  fireEvent.click(screen.getByRole("button", { name: /^Show it: 1 machine runs/ }));
  expect(onFilter).toHaveBeenLastCalledWith({ filter: "", state: "outlier" });
});

test("without machines and releases it says what to run for the first of each", () => {
  render(board({ subsystems: [], machines: [], audit: [] }));
  const commands = screen.getAllByRole("code").map((code) => code.textContent);
  expect(commands).toEqual([
    "tideline-sync publish nats",
    "sync.config.yaml",
    "tideline-sync enrol --url https://happy-otter-123.convex.cloud",
    "tideline-sync watch",
  ]);
});

test("the newest five acts are shown, and the rest for whoever asks", () => {
  const audit = Array.from({ length: 7 }, (_, n) => sampleAct({ at: 7 - n, note: `note ${n}` }));
  render(board({ audit }));
  const list = screen.getByRole("list", { name: "What was done, newest first" });
  expect(within(list).getAllByRole("listitem")).toHaveLength(5);
  fireEvent.click(screen.getByRole("button", { name: "Show all 7" }));
  expect(within(list).getAllByRole("listitem")).toHaveLength(7);
});
