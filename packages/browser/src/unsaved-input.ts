/** Fields that a person changed. Nothing of their content is kept. */
const touched = new Set<HTMLElement>();

/**
 * Begins to listen for typing; as early as possible, since what was typed before is not seen. Nor is
 * what happens in frames and closed shadow roots: there, `registerBlocker` is the way.
 */
export function watchInput(): void {
  addEventListener("input", onInput, true);
  addEventListener("submit", forget, true);
  addEventListener("reset", forget, true);
}

function onInput(event: Event): void {
  // The path leads into open shadow roots, which `target` does not.
  touched.add(event.composedPath()[0] as HTMLElement);
  // A page may come and go with thousands of fields: those that are gone must not stay here.
  hasUnsavedInput();
}

/** What a form was handed in with, or emptied of, is no longer unsaved. */
function forget({ target }: Event): void {
  for (const field of touched) {
    if ((field as HTMLInputElement).form === target || (target as Node).contains(field)) {
      touched.delete(field);
    }
  }
}

/**
 * Says whether the page has something in a field, an editable element or a chosen file that a load
 * would lose: changed by a person, still there, and other than what the page came with.
 */
export function hasUnsavedInput(): boolean {
  for (const field of touched) {
    const { type, value, defaultValue, checked, defaultChecked } = field as HTMLInputElement;
    let isChanged: unknown = value !== defaultValue;
    // Their value is a constant.
    if (/^(checkbox|radio)$/.test(type)) isChanged = checked !== defaultChecked;
    if (field.isContentEditable) isChanged = field.textContent;
    if (!field.isConnected || !isChanged) touched.delete(field);
  }
  return touched.size > 0;
}
