import { Waves } from "lucide-react";
import { Command } from "../words/command.js";

/** What to do to get the first row. */
export function NoTargets() {
  return (
    <section className="mx-auto grid w-full max-w-lg gap-5 py-16 text-center">
      <div className="grid justify-items-center gap-3">
        <span className="bg-accent-wash text-accent grid size-12 place-items-center rounded-full">
          <Waves aria-hidden size={24} />
        </span>
        <h1 className="text-xl font-semibold tracking-tight">Nothing recorded yet</h1>
        <p className="text-muted">
          The first deployment of an app to an environment makes its row. It appears here by itself.
        </p>
      </div>
      <div className="card grid gap-4 p-4 text-left">
        <div className="grid gap-1.5">
          <h2 className="font-medium">In this repository, with npm start running</h2>
          <Command command="npm run deploy -- web" />
        </div>
        <div className="grid gap-1.5">
          <h2 className="font-medium">In your own app, after your host serves the new build</h2>
          <Command command="npx --no -- tideline record" />
        </div>
      </div>
      <p className="text-muted text-xs">
        Where <code className="font-mono">TIDELINE_PRIVATE_HISTORY</code> is set, this page sees
        nothing: it holds no token.
      </p>
    </section>
  );
}
