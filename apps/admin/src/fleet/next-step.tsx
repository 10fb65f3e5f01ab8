import { nextStepOf } from "./reason-words.js";

interface Props {
  /** A ReasonCode, or one that is unknown here. */
  readonly code: string;
  readonly subsystem: string;
}

/** What a person does about a reason, its commands set as commands; nothing for a code unknown here. */
export function NextStep({ code, subsystem }: Props) {
  const text = nextStepOf(code, subsystem);
  if (text === null) return null;
  return (
    <span className="[overflow-wrap:anywhere]">
      {text.split("`").map((part, index) =>
        // Every second part stood between two backticks.
        index % 2 === 0 ? (
          part
        ) : (
          <code key={part} className="font-mono text-[13px]">
            {part}
          </code>
        ),
      )}
    </span>
  );
}
