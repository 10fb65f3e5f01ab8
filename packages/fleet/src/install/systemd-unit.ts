/** What the unit is made of. */
export interface UnitOptions {
  readonly scope: "system" | "user";
  /** The folder of `sync.config.yaml`; absolute. */
  readonly folder: string;
  /** The Node that runs it; absolute. */
  readonly node: string;
  /** The guard's kept copy; absolute. */
  readonly kept: string;
}

/** What the unit is called. */
export const UNIT_NAME = "tideline-sync.service";

/**
 * Gives the text of the unit. systemd runs the guard, which runs the service: so that a new
 * `tideline-sync` that does not start is taken back without systemd knowing of versions.
 *
 * @see systemd.service(5), systemd.unit(5)
 */
export function systemdUnit({ scope, folder, node, kept }: UnitOptions): string {
  return `[Unit]
Description=Keeps this machine's binaries up to date (tideline-sync)
${scope === "system" ? "Wants=network-online.target\nAfter=network-online.target\n" : ""}
[Service]
WorkingDirectory=${percent(folder)}
# WEBHOOK_SECRET, TIDELINE_FLEET_READ_TOKEN and the like, a line each; chmod 600.
EnvironmentFile=-${percent(folder)}/.env
ExecStart=${word(node)} ${word(kept)} guard -- watch
Restart=always
RestartSec=2
# The guard ends the service in order; what is still there afterwards is killed.
KillMode=mixed
TimeoutStopSec=45

[Install]
WantedBy=${scope === "system" ? "multi-user.target" : "default.target"}
`;
}

/** In every setting "%" begins a specifier. */
function percent(text: string): string {
  return text.replaceAll("%", "%%");
}

/** One word of a command line: quotes keep blanks together, and "$" begins a variable. */
function word(text: string): string {
  const plain = percent(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  return `"${plain.replaceAll("$", "$$$$")}"`;
}
