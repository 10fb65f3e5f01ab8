/**
 * Every step of an update, in order; those with a colon are within swap and restore. After each of
 * them a crash leaves something else behind.
 */
export const UPDATE_STEPS: readonly string[] = [
  ...[
    "counted",
    "planned",
    "downloading",
    "verified",
    "staged",
    "exec-tested",
    "locked",
    "trusted",
  ],
  ...["swap:staged-synced", "swap:record-prepared", "swap:previous-linked"],
  ...["swap:previous-renamed", "swap:previous-kept", "swap:swapped", "swap:swap-synced", "swapped"],
  ...["recorded", "restarting", "restarted", "gating", "soaking", "committed", "told", "done"],
];

/** Every step of an update that takes the place of a binary that nobody knows. */
export const REPLACE_STEPS: readonly string[] = UPDATE_STEPS.flatMap((step) => {
  if (step === "trusted") return [step, "foreign-kept"];
  // It is no version to go back to.
  return step.startsWith("swap:previous-") || step === "swap:record-prepared" ? [] : [step];
});

/** Every step of the way back, after those up to where the update failed. */
export const ROLLBACK_STEPS: readonly string[] = [
  ...["rolling-back", "restore:restore-linked", "restore:restored", "restore:restore-synced"],
  ...["restore:restore-recorded", "brought-back", "old-restarted"],
  ...["denied", "rolled-back", "told", "done"],
];

/** Every step of a rollback by hand. */
export const HAND_STEPS: readonly string[] = [
  "pinned",
  ...ROLLBACK_STEPS.filter((step) => step !== "denied"),
];
