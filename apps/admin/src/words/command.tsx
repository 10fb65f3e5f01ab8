import { CopyButton } from "./copy-button.js";

/** A command to run in a terminal, with a button that copies it. */
export function Command({ command }: { readonly command: string }) {
  return (
    <div className="border-line bg-sunken flex items-start gap-2 rounded-lg border py-1.5 pl-3 pr-1.5 text-left">
      <code className="grow py-1 font-mono text-[13px] [overflow-wrap:anywhere]">{command}</code>
      <CopyButton text={command} what="command" />
    </div>
  );
}
