import { FileDatabase } from "./database.js";
import type { EmbeddedDatabase, SystemTableIndexes } from "./embedded-database.js";
import { openSqliteFile } from "./sqlite-file.js";

export interface OpenDatabaseOptions {
  /** The SQLite file; made, with its folder, if it is not there. */
  readonly path: string;
  /** ms since epoch. @default Date.now */
  readonly now?: () => number;
  /** System tables that the server's code counts on, with their indexes. @default None */
  readonly systemTables?: SystemTableIndexes;
}

/**
 * Opens the database file, making it if it is not there. A file `…-lock` beside it keeps other
 * processes out; a killed process leaves nothing locked.
 *
 * @throws {Error} One sentence that says what is wrong with the file: of a newer version, not a
 *   database, not writable, in use by another process.
 */
export function openDatabase(options: OpenDatabaseOptions): EmbeddedDatabase {
  const { path, now = Date.now, systemTables = {} } = options;
  const file = openSqliteFile(path);
  try {
    return new FileDatabase(file, now, systemTables);
  } catch (error) {
    file.close();
    throw error;
  }
}
