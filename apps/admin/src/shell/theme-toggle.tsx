import { Monitor, Moon, Sun } from "lucide-react";
import { useState } from "react";

const KEY = "tideline-admin:theme";
const THEMES = [
  { name: "system", label: "as the system", Icon: Monitor },
  { name: "light", label: "light", Icon: Sun },
  { name: "dark", label: "dark", Icon: Moon },
] as const;

/** Goes round system, light and dark. */
export function ThemeToggle() {
  const [chosen, setChosen] = useState(() => document.documentElement.dataset.theme ?? "system");
  const index = Math.max(
    THEMES.findIndex(({ name }) => name === chosen),
    0,
  );
  const theme = THEMES[index] ?? THEMES[0];
  const next = THEMES[(index + 1) % THEMES.length] ?? THEMES[0];

  function toggle() {
    setChosen(next.name);
    if (next.name === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next.name;
    try {
      if (next.name === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, next.name);
    } catch {
      // The choice then lasts as long as the page.
    }
  }

  return (
    <button
      type="button"
      className="button-icon"
      onClick={toggle}
      aria-label={`Theme: ${theme.label}. Change to ${next.label}`}
      title={`Theme: ${theme.label}`}
    >
      <theme.Icon aria-hidden size={16} />
    </button>
  );
}
