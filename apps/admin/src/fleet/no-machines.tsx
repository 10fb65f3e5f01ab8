import { Command } from "../words/command.js";

/** What to run for the first machine's row. */
export function NoMachines({ url }: { readonly url: string }) {
  return (
    <section aria-labelledby="machines-heading" className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <h2 id="machines-heading" className="text-base font-semibold tracking-tight">
        Machines
      </h2>
      <div className="card grid grid-cols-[minmax(0,1fr)] gap-4 p-4">
        <p className="text-muted">
          No machine has joined yet. On the first one, in the folder of its{" "}
          <code className="font-mono text-[13px]">sync.config.yaml</code> and with
          TIDELINE_FLEET_ENROL_TOKEN set:
        </p>
        <Command command={`tideline-sync enrol --url ${url}`} />
        <p className="text-muted">
          And, with TIDELINE_FLEET_READ_TOKEN set, what keeps it up to date:
        </p>
        <Command command="tideline-sync watch" />
        <p className="text-muted text-xs">It appears here by itself.</p>
      </div>
    </section>
  );
}
