import { deployAdvice } from "../commands.js";
import type { TargetName } from "../ledger.js";
import { targetKey } from "../ledger.js";
import { Command } from "../words/command.js";

/** For an address that names a target of which nothing is recorded. */
export function UnknownTarget({ target }: { readonly target: TargetName }) {
  const { command } = deployAdvice(target);
  return (
    <section className="card grid max-w-xl gap-3 p-5">
      <title>{`${targetKey(target)} · Tideline`}</title>
      <h1 className="text-lg font-semibold [overflow-wrap:anywhere]">
        Nothing recorded for {targetKey(target)}
      </h1>
      <p className="text-muted">
        Its first deployment will appear here by itself, unless the history is private (
        <code className="font-mono">TIDELINE_PRIVATE_HISTORY</code>). To make one:
      </p>
      <Command command={command} />
    </section>
  );
}
