/**
 * The configuration that `install` writes where there is none: valid as it is, with one subsystem,
 * `tideline-sync` itself, and the others to be filled in.
 *
 * @param options.ledgerUrl Null: without a ledger.
 * @param options.systemd The scope of systemd, where its unit is written too.
 */
export function sampleConfig({
  ledgerUrl,
  systemd,
}: {
  readonly ledgerUrl: string | null;
  readonly systemd: "system" | "user" | null;
}): string {
  return `# What \`tideline-sync\` keeps up to date on this machine. Paths are relative to this file.
# Secrets are never in it: WEBHOOK_SECRET, TIDELINE_FLEET_READ_TOKEN and others are environment
# variables. \`tideline-sync doctor\` looks it over.

${ledgerBlock(ledgerUrl)}
trust:
  # The fleet's root keys, from \`tideline-sync keys show\`. Without any, nothing is installed.
  roots: []
  # How many of them have to agree.
  threshold: 1

# Where releases are published. Machines without a ledger look for the newest one there.
# releases:
#   repository: acme/binaries

${supervisorBlock(systemd)}
webhook:
  # Only used where webhooks are sent to this machine itself.
  host: 127.0.0.1
  port: 8787

subsystems:
  # tideline-sync itself, by the same steps as any other binary. "self" is the process that
  # \`tideline-sync guard\` runs, and takes back by itself when a new version does not start.
  sync:
    binary: sync/.bin/tideline-sync
    service: self
    health:
      soak: 60s

  # nats:
  #   binary: nats/.bin/nats-server
  #   # The supervisor's name for it; null for a tool that nothing runs.
  #   service: nats
  #   health:
  #     readyTimeout: 30s
  #     soak: 60s
  #   # The furthest step that needs nobody's approval: major, minor, patch or none.
  #   automatic: minor
  #   # Local time of day in which it may be restarted.
  #   window: 02:00-05:00
`;
}

function ledgerBlock(url: string | null): string {
  if (url === null) {
    return `# The fleet's ledger; without one, this machine goes by what the release host has signed.
# ledger:
#   url: https://happy-otter-123.convex.cloud
`;
  }
  return `# The fleet's ledger says which release runs here.
ledger:
  url: ${JSON.stringify(url)}
`;
}

function supervisorBlock(systemd: "system" | "user" | null): string {
  if (systemd !== null) {
    return `# Who runs the services: process-compose, systemd or built-in.
supervisor:
  kind: systemd
  scope: ${systemd}
`;
  }
  return `# Who runs the services: process-compose, systemd or built-in.
supervisor:
  kind: process-compose
  address: unix:process-compose.sock
`;
}
