import { KeyRound } from "lucide-react";
import { useId, useState } from "react";
import { Command } from "../words/command.js";
import { FleetCard } from "./fleet-card.js";

interface Props {
  /** True if the last one was not taken. */
  readonly isWrong: boolean;
  onToken(token: string): void;
}

/** Asks for the fleet's view token, and says where it comes from. */
export function AskToken({ isWrong, onToken }: Props) {
  const [text, setText] = useState("");
  const fieldId = useId();
  const errorId = useId();
  return (
    <FleetCard
      Icon={KeyRound}
      title={isWrong ? "The ledger does not know this token" : "The fleet takes its view token"}
      about="What your machines run is not for everybody. This tab keeps the token until it is closed, and nothing can be changed with it."
    >
      <form
        className="grid gap-1.5"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== "") onToken(text);
        }}
      >
        <label htmlFor={fieldId} className="font-medium">
          View token
        </label>
        <div className="flex flex-wrap gap-2">
          <input
            id={fieldId}
            type="password"
            className="field min-w-0 grow basis-48 font-mono"
            // No browser shall offer to keep it: it lasts as long as the tab.
            autoComplete="off"
            spellCheck={false}
            required
            value={text}
            aria-invalid={isWrong}
            aria-describedby={isWrong ? errorId : undefined}
            onChange={({ target }) => setText(target.value)}
          />
          <button type="submit" className="button">
            Show the fleet
          </button>
        </div>
        {isWrong && (
          <p id={errorId} role="alert" className="text-red">
            It is misspelt, or was replaced by another one.
          </p>
        )}
      </form>
      <div className="border-line grid grid-cols-[minmax(0,1fr)] gap-4 border-t pt-4">
        <h2 className="font-medium">Where it comes from</h2>
        <div className="grid grid-cols-[minmax(0,1fr)] gap-1.5">
          <p className="text-muted">
            With npm start: its terminal shows a link that brings it, and this file has it.
          </p>
          <Command command="cat .tideline/fleet-view-token" />
        </div>
        <div className="grid grid-cols-[minmax(0,1fr)] gap-1.5">
          <p className="text-muted">
            With a Convex deployment: it is a variable there, and no machine has it.
          </p>
          <Command command="npx convex env get TIDELINE_FLEET_VIEW_TOKEN" />
        </div>
      </div>
    </FleetCard>
  );
}
