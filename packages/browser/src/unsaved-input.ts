/**
 * What a person came by, each with what was in it then; nothing of it is sent anywhere. `defaultValue`
 * would not do, which some frameworks set to what is typed.
 */
const met = new Map<HTMLInputElement, string | null>();

/** Gives nothing for an empty field, and for what is no field. */
const contentOf = (field: HTMLInputElement) => {
  const text = field.isContentEditable ? field.textContent : field.value;
  return text && text + field.checked;
};

/**
 * Begins to listen for typing; as early as possible, since what was typed before is not seen. Nor is
 * what happens in frames and closed shadow roots: there, `registerBlocker` is the way.
 */
export function watchInput(): void {
  for (const type of ["focusin", "input"]) {
    addEventListener(
      type,
      (event) => {
        // The path leads into open shadow roots, which `target` does not.
        const field = event.composedPath()[0] as HTMLInputElement;
        // What changes without a focus before it was something else, whatever it was.
        if (!met.has(field)) met.set(field, type === "input" ? null : contentOf(field));
      },
      true,
    );
  }
  for (const type of ["submit", "reset"]) {
    addEventListener(
      type,
      ({ target }) => {
        // What a form was handed in with, or what it was emptied of, is no longer unsaved.
        for (const [field] of met) {
          if (field.form === target || (target as Node).contains(field)) met.delete(field);
        }
      },
      true,
    );
  }
}

/**
 * Says whether the page has something in a field, an editable element or a chosen file that a load
 * would lose: still there, and other than what a person came by.
 */
export function hasUnsavedInput(): boolean {
  return [...met].some(([field, before]) => {
    const content = field.isConnected && contentOf(field);
    return content && content !== before;
  });
}
