import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";

// Long enough to be seen by somebody who looks at what they copied.
const SAID_MS = 2_000;

interface Props {
  readonly text: string;
  /** What is copied, for the button's name: "commit". */
  readonly what: string;
}

export function CopyButton({ text, what }: Props) {
  const [said, setSaid] = useState<"" | "Copied" | "Could not copy: select the text instead">("");
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => setSaid(""), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);

  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setSaid("Copied"),
      () => setSaid("Could not copy: select the text instead"),
    );

  return (
    <>
      <button
        type="button"
        className="button-icon"
        aria-label={`Copy ${what}`}
        title={said || `Copy ${what}`}
        onClick={copy}
      >
        {said === "Copied" ? (
          <Check aria-hidden size={14} className="text-accent" />
        ) : (
          <Copy aria-hidden size={14} />
        )}
      </button>
      <span role="status" className="sr-only">
        {said}
      </span>
    </>
  );
}
