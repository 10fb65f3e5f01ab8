const KEY = "tideline:theme";
const LABELS = { system: "as the system", light: "light", dark: "dark" } as const;
type Theme = keyof typeof LABELS;
const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };

/** Makes the button go round system, light and dark. */
export function themeToggle(): void {
  const button = document.querySelector<HTMLButtonElement>("[data-theme-toggle]");
  if (button === null) return;
  const { dataset } = document.documentElement;
  let theme: Theme =
    dataset.theme === "light" || dataset.theme === "dark" ? dataset.theme : "system";

  const show = () => {
    button.ariaLabel = `Theme: ${LABELS[theme]}. Change to ${LABELS[NEXT[theme]]}`;
    button.title = `Theme: ${LABELS[theme]}`;
  };
  button.addEventListener("click", () => {
    theme = NEXT[theme];
    if (theme === "system") delete dataset.theme;
    else dataset.theme = theme;
    try {
      if (theme === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // The choice then lasts as long as the page.
    }
    show();
  });
  show();
  button.hidden = false;
}
