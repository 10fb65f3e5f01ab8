/** Every text of the notice. Pass `strings` to replace some or all. */
export interface NoticeStrings {
  /** @default "New version available" */
  readonly available: string;
  /** @default `Rolled back to ${version}` */
  readonly rolledBack: (version: string) => string;
  /** @default "Important update" */
  readonly critical: string;
  /** Why an important update cannot be put off. */
  readonly reason: string;
  /** After a refresh that brought nothing, or for which the host did not answer. @default "Still rolling out" */
  readonly rollingOut: string;
  readonly rollingOutText: string;
  /** @default `Build #${number}` */
  readonly build: (number: number) => string;
  /** `ago` is said in `locale`, like "2 minutes ago". @default `Deployed ${ago}` */
  readonly deployed: (ago: string) => string;
  /** @default "What's new" */
  readonly notesLink: string;
  /** @default "Refresh" */
  readonly refresh: string;
  /** @default "Later" */
  readonly later: string;
  /** The accessible name of the cross. @default "Close" */
  readonly close: string;
}

export const ENGLISH: NoticeStrings = {
  available: "New version available",
  rolledBack: (version) => `Rolled back to ${version}`,
  critical: "Important update",
  reason: "It fixes a serious problem in the version that you are using.",
  rollingOut: "Still rolling out",
  rollingOutText: "The new version cannot be reached yet. You can go on working.",
  build: (number) => `Build #${number}`,
  deployed: (ago) => `Deployed ${ago}`,
  notesLink: "What’s new",
  refresh: "Refresh",
  later: "Later",
  close: "Close",
};
