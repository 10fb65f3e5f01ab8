import type { HubCounts } from "./hub.js";

/** What a gateway measures of itself. */
export interface Measures extends HubCounts {
  readonly clients: number;
  readonly topics: number;
  readonly isStale: boolean;
  readonly isDraining: boolean;
  readonly resumed: number;
  /** Refused event streams. */
  readonly refused: number;
  readonly uptimeSeconds: number;
  /** The epoch that each target is at, 0 before its first record; nothing while it is unknown. */
  readonly epochs: readonly {
    readonly appName: string;
    readonly environment: string;
    readonly epoch: number;
  }[];
}

/**
 * Writes measures as Prometheus reads them.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function formatMetrics(measures: Measures): string {
  const { cpu, rss } = { cpu: process.cpuUsage(), rss: process.memoryUsage.rss() };
  const epochs = measures.epochs.map(
    // Names of targets hold nothing that would have to be escaped.
    ({ appName, environment, epoch }) =>
      `tideline_gateway_epoch{app="${appName}",environment="${environment}"} ${epoch}\n`,
  );
  return [
    metric("tideline_gateway_clients", "gauge", "Open event streams.", measures.clients),
    metric("tideline_gateway_topics", "gauge", "Subscriptions of the ledger.", measures.topics),
    metric("tideline_gateway_stale", "gauge", "1 while the ledger is away.", +measures.isStale),
    metric("tideline_gateway_draining", "gauge", "1 while it ends.", +measures.isDraining),
    metric(
      "tideline_gateway_connections_total",
      "counter",
      "Streams opened.",
      measures.connections,
    ),
    metric("tideline_gateway_resumed_total", "counter", "Of these, with an id.", measures.resumed),
    metric("tideline_gateway_refused_total", "counter", "Streams refused.", measures.refused),
    metric("tideline_gateway_messages_total", "counter", "Messages sent.", measures.messages),
    metric("tideline_gateway_dropped_total", "counter", "Readers too slow.", measures.dropped),
    metric("tideline_gateway_drained_total", "counter", "Streams sent away.", measures.drained),
    metric(
      "tideline_gateway_uptime_seconds",
      "gauge",
      "Since it was made.",
      measures.uptimeSeconds,
    ),
    "# HELP tideline_gateway_epoch The epoch of each target.\n# TYPE tideline_gateway_epoch gauge\n",
    ...epochs,
    metric(
      ...(["process_cpu_seconds_total", "counter", "User and system."] as const),
      (cpu.user + cpu.system) / 1e6,
    ),
    metric("process_resident_memory_bytes", "gauge", "Resident memory.", rss),
  ].join("");
}

function metric(name: string, type: "counter" | "gauge", help: string, value: number): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`;
}
