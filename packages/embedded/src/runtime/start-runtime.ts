import type { Runtime } from "../contract.js";
import type { EmbeddedDatabase } from "../data/embedded-database.js";

export interface StartRuntimeOptions {
  /** The `convex/` folder. */
  readonly dir: string;
  /** Opened with `SCHEDULER_TABLES` among its system tables. */
  readonly database: EmbeddedDatabase;
  /** Variables laid under those of the database. @default None */
  readonly env?: { readonly [name: string]: string };
  /** `CONVEX_CLOUD_URL`; read at every use, so it may be a getter. */
  readonly cloudUrl: string;
  /** `CONVEX_SITE_URL`; read at every use, so it may be a getter. */
  readonly siteUrl: string;
  /** ms since epoch. @default Date.now */
  readonly now?: () => number;
  /** Warnings, and what functions without a caller log. @default Nowhere */
  readonly log?: (line: string) => void;
  /** Reload the folder when a file in it changes. @default false */
  readonly watch?: boolean;
}

/**
 * Bundles and loads the folder, makes its schema the database's, and starts the scheduler.
 *
 * @throws {Error} One sentence with file and line if the folder cannot be bundled or loaded, or
 *   if a stored document does not fit its schema.
 */
export async function startRuntime(options: StartRuntimeOptions): Promise<Runtime> {
  throw new Error(`Cannot load ${JSON.stringify(options.dir)}`);
}
