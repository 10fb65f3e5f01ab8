import { createStored } from "../stored.js";

export type NoteOrder = "newest" | "oldest" | "title";
export type TextSize = "regular" | "large";

export interface Settings {
  readonly order: NoteOrder;
  readonly textSize: TextSize;
}

/** How this browser shows notes. */
export const settings = createStored("tidepool:settings", parseSettings);

/** Reads settings out of what was stored; what is not a choice is the default. */
export function parseSettings(stored: unknown): Settings {
  const { order, textSize } = (stored ?? {}) as Record<string, unknown>;
  return {
    order: order === "oldest" || order === "title" ? order : "newest",
    textSize: textSize === "large" ? textSize : "regular",
  };
}
