const MAX_LENGTH = 300;

/**
 * Text of a server for a line in the terminal: what would move its cursor or begin a line is
 * written as `\u001b`, and what is after 300 characters is left out.
 */
export function shown(text: string): string {
  const kept = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  return kept.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A length of time as people read it. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Number((ms / 1000).toFixed(1))} s`;
}
