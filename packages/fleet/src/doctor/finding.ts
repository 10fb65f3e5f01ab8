import type { Env } from "../commands/terminal.js";
import type { SyncConfig } from "../config/sync-config.js";

/** What one check came to. */
export interface Finding {
  /** The check: `webhook-port`. Several findings may be of one. */
  readonly check: string;
  /** `warning`: it works, and could be better or soon be worse. `skipped`: it does not apply here. */
  readonly level: "ok" | "warning" | "failed" | "skipped";
  /** What is the case; one sentence without a full stop. */
  readonly message: string;
  /** What mends it; null where nothing is to be mended. */
  readonly fix: string | null;
}

/** What checks look at. They write nothing. */
export interface DoctorWorld {
  readonly config: SyncConfig;
  readonly env: Env;
  readonly fetch: typeof fetch;
  /** ms since epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** Whether upstreams and the release host are asked too. */
  readonly isOnline: boolean;
}

/** A finding without the name of its check. */
export type Said = Omit<Finding, "check">;

/** One check: its name, and what it finds. What it throws is a finding as well. */
export interface Check {
  readonly name: string;
  readonly run: (world: DoctorWorld) => Promise<Said | readonly Said[]>;
}

/** It is as it should be. */
export function ok(message: string): Said {
  return { level: "ok", message, fix: null };
}

/** It does not apply here, or was not asked for. */
export function skipped(message: string): Said {
  return { level: "skipped", message, fix: null };
}

/** It works, and could be better. */
export function warning(message: string, fix: string): Said {
  return { level: "warning", message, fix };
}

/** Something will not work. */
export function failed(message: string, fix: string): Said {
  return { level: "failed", message, fix };
}
