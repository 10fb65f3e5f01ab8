import {
  type MachineMessage,
  parseStrictJson,
  type RunningBinary,
  SHA256,
  SUBSYSTEM,
  VERSION,
} from "@tideline/version/fleet";
import type { FleetRow } from "../fleet-data-model.js";
import { checkChannel, refuseArgument } from "./check-fleet-arguments.js";

/** One report, checked; its reason is any text of a reason's form, since machines may be newer. */
export type CheckedReport = Pick<
  FleetRow<"attempts">,
  "subsystem" | "seq" | "version" | "state" | "reason" | "detail" | "generation"
> & {
  /** Null if it does not say in which one it was made. */
  readonly channel: string | null;
  readonly runningSha256: string | null;
  readonly at: number;
};

/** What a machine says, checked. */
export type CheckedMessage =
  | { readonly kind: "reports"; readonly reports: readonly CheckedReport[] }
  | {
      readonly kind: "presence";
      readonly syncVersion: string;
      readonly running: readonly RunningBinary[];
    };

// A hundred reports with the longest details, each letter escaped.
const MAX_BODY = 1_000_000;
const MAX_ITEMS = 100;
const MAX_DETAIL = 1_000;
const MAX_NUMBER = 8_640_000_000_000_000;
const STATES = new Set<string>([
  ...(["downloading", "soaking", "committed", "rolled-back", "refused", "needs-operator"] as const),
] satisfies FleetRow<"attempts">["state"][]);

/**
 * Reads a {@link MachineMessage}. Fields that it does not know are passed over: machines may be
 * newer than the ledger.
 *
 * @throws {ConvexError} INVALID_ARGUMENT
 */
export function parseMachineMessage(
  doing: string,
  kind: MachineMessage["kind"],
  body: string,
): CheckedMessage {
  const read = new Reader(doing);
  const message = read.object("body", parse(doing, body));
  if (message.kind !== kind) return refuseArgument(doing, `kind "${kind}"`, message.kind);
  if (kind === "reports") {
    const reports = read.list("reports", message.reports).map((item): CheckedReport => {
      const report = read.object("a report", item);
      const { detail, reason, state } = report;
      if (typeof state !== "string" || !STATES.has(state)) {
        return refuseArgument(doing, "a reported state", state);
      }
      return {
        channel: report.channel === undefined ? null : read.channel(report.channel),
        subsystem: read.text("subsystem", report.subsystem, SUBSYSTEM),
        seq: read.number("seq", report.seq),
        version: read.text("version", report.version, VERSION),
        generation: read.number("generation", report.generation),
        state: state as CheckedReport["state"],
        reason: reason === null ? null : read.text("reason", reason, /^[A-Z][A-Z0-9_]{0,63}$/),
        detail: detail === null ? null : read.text("detail", detail, /^/).slice(0, MAX_DETAIL),
        runningSha256: read.sha256("runningSha256", report.runningSha256),
        at: read.number("at", report.at),
      };
    });
    return { kind, reports };
  }
  const running = read.list("running", message.running).map((item): RunningBinary => {
    const binary = read.object("an entry of running", item);
    const { version, seq } = binary;
    return {
      subsystem: read.text("subsystem", binary.subsystem, SUBSYSTEM),
      version: version === null ? null : read.text("version", version, VERSION),
      seq: seq === null ? null : read.number("seq", seq),
      sha256: read.sha256("sha256", binary.sha256),
    };
  });
  return { kind, syncVersion: read.text("syncVersion", message.syncVersion, VERSION), running };
}

function parse(doing: string, body: string): unknown {
  try {
    return parseStrictJson(body, "a message", MAX_BODY);
  } catch (error) {
    return refuseArgument(doing, "a message as JSON", error instanceof Error ? error.message : "");
  }
}

type Fields = Readonly<Record<string, unknown>>;

class Reader {
  readonly #doing: string;

  constructor(doing: string) {
    this.#doing = doing;
  }

  object(name: string, value: unknown): Fields {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Fields;
    }
    return refuseArgument(this.#doing, `${name} as an object`, value);
  }

  list(name: string, value: unknown): readonly unknown[] {
    if (Array.isArray(value) && value.length <= MAX_ITEMS) return value;
    return refuseArgument(this.#doing, `${name} as a list of at most ${MAX_ITEMS}`, value);
  }

  text(name: string, value: unknown, form: RegExp): string {
    if (typeof value === "string" && form.test(value)) return value;
    return refuseArgument(this.#doing, `${name} in its form`, value);
  }

  channel(value: unknown): string {
    const channel = this.text("channel", value, /^/);
    checkChannel(this.#doing, channel);
    return channel;
  }

  number(name: string, value: unknown): number {
    if (Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MAX_NUMBER) {
      return Number(value);
    }
    return refuseArgument(this.#doing, `${name} as a whole number`, value);
  }

  sha256(name: string, value: unknown): string | null {
    return value === null ? null : this.text(name, value, SHA256);
  }
}
