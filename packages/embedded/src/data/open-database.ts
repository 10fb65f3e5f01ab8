import type { EmbeddedDatabase, SystemTableIndexes } from "./embedded-database.js";

export interface OpenDatabaseOptions {
  /** The SQLite file; made, with its folder, if it is not there. */
  readonly path: string;
  /** ms since epoch. @default Date.now */
  readonly now?: () => number;
  /** System tables beside those that every database has. */
  readonly systemTables?: SystemTableIndexes;
}

/**
 * Opens the database file, making it if it is not there.
 *
 * @throws {Error} One sentence that says what is wrong with the file: of a newer version, not a
 *   database, not writable, in use by another process.
 */
export function openDatabase(options: OpenDatabaseOptions): EmbeddedDatabase {
  throw new Error(`Cannot open ${JSON.stringify(options.path)}`);
}
