/** Fields that a person changed. Nothing of their content is kept. */
const touched = new Set<HTMLInputElement>();

/**
 * Begins to listen for typing; as early as possible, since what was typed before is not seen. Nor is
 * what happens in frames and closed shadow roots: there, `registerBlocker` is the way.
 */
export function watchInput(): void {
  addEventListener(
    "input",
    (event) => {
      // The path leads into open shadow roots, which `target` does not.
      touched.add(event.composedPath()[0] as HTMLInputElement);
      // A page may come and go with thousands of fields: those that are gone must not stay here.
      hasUnsavedInput();
    },
    true,
  );
  // What a form was handed in with is no longer unsaved.
  addEventListener("submit", ({ target }) => hasUnsavedInput(target), true);
}

/**
 * Says whether the page has something in a field, an editable element or a chosen file that a load
 * would lose: changed by a person, still there, and other than what the page came with.
 *
 * @param submitted A form whose fields no longer count.
 */
export function hasUnsavedInput(submitted?: unknown): boolean {
  for (const field of touched) {
    let isChanged: unknown = field.value !== field.defaultValue;
    // The value of a box to tick is a constant.
    if (/box|radio/.test(field.type)) isChanged = field.checked !== field.defaultChecked;
    if (field.isContentEditable) isChanged = field.textContent;
    if (!isChanged || !field.isConnected || (submitted && field.form === submitted)) {
      touched.delete(field);
    }
  }
  return touched.size > 0;
}
