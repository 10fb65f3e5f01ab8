import { Search } from "lucide-react";
import type { RefObject } from "react";

interface Props {
  /** What it does, for those who do not see it. */
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly field: RefObject<HTMLInputElement | null>;
  onChange(value: string): void;
  /** By Escape, which also leaves the field. */
  onClear(): void;
}

/** The field that a list is filtered with. Whoever shows it has "/" lead to it. */
export function SearchField({ label, placeholder, value, field, onChange, onClear }: Props) {
  return (
    <label className="relative w-full sm:w-64">
      <span className="sr-only">{label}</span>
      <Search aria-hidden size={15} className="text-muted absolute left-2.5 top-2" />
      <input
        ref={field}
        type="search"
        className="field pl-8"
        placeholder={placeholder}
        aria-keyshortcuts="/"
        value={value}
        onChange={({ target }) => onChange(target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.preventDefault();
          onClear();
          field.current?.blur();
        }}
      />
    </label>
  );
}
