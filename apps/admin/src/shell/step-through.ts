/**
 * Moves the focus to the next or previous row of a list, and to the first if none has it. What can
 * be stepped to is marked `data-row-button`, the row around it `data-row`.
 */
export function stepThrough(list: HTMLElement | null, by: 1 | -1): void {
  const buttons = [...(list?.querySelectorAll<HTMLElement>("[data-row-button]") ?? [])];
  const at = buttons.indexOf(document.activeElement as HTMLElement);
  const next = buttons[at === -1 ? 0 : Math.min(Math.max(at + by, 0), buttons.length - 1)];
  next?.focus({ preventScroll: true });
  (next?.closest("[data-row]") ?? next)?.scrollIntoView({ block: "nearest" });
}
