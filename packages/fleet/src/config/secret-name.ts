/**
 * Gives the environment variable that holds a subsystem's webhook secrets:
 * `"nats-server"` -> `"WEBHOOK_SECRET_NATS_SERVER"`.
 */
export function secretName(subsystem: string): string {
  return `WEBHOOK_SECRET_${subsystem.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
}
