/**
 * Every text of the toast, in English. `data-strings` on the script tag replaces some or all, as JSON
 * with these names. What stands in braces is filled in.
 */
export const ENGLISH = {
  available: "New version available",
  rolledBack: "Rolled back to {}",
  critical: "Important update",
  reason: "It fixes a serious problem in the version that you are using.",
  rollingOut: "Still rolling out",
  rollingOutText: "The new version cannot be reached yet. You can go on working.",
  refresh: "Reload now",
  later: "Later",
  /** The name of the cross. */
  close: "Close",
  /** Read out when the countdown starts, and at 10 s. */
  countdown: "Reloading in {} seconds",
  /** What a click on the number does. */
  stop: "Stop the countdown",
  /** Why the number stands: for a field that holds what was typed; before a blocker's name. */
  typing: "Paused while you are typing",
  paused: "Paused",
};
