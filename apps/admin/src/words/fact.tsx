import type { ReactNode } from "react";
import { CopyButton } from "./copy-button.js";

interface Props {
  readonly name: string;
  readonly children: ReactNode;
  /** The whole of it, where it is shown with a button that copies it. */
  readonly copy?: string;
  readonly isCode?: boolean;
  /** Takes two columns of the list's grid. */
  readonly isWide?: boolean;
}

/** A term and its value, in a `<dl>`. */
export function Fact({ name, children, copy, isCode = false, isWide = false }: Props) {
  return (
    <div className={`min-w-0 ${isWide ? "col-span-2" : ""}`}>
      <dt className="text-muted text-xs">{name}</dt>
      <dd className="flex items-start gap-1">
        <span
          className={`min-w-0 py-0.5 [overflow-wrap:anywhere] ${isCode ? "font-mono text-[13px]" : ""}`}
        >
          {children}
        </span>
        {copy !== undefined && <CopyButton text={copy} what={name.toLowerCase()} />}
      </dd>
    </div>
  );
}
