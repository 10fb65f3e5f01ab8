/**
 * The SQLite file: its connections, its format, and the lock that keeps a second process out.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Sqlite from "libsql";

export type Connection = Sqlite.Database;

export interface SqliteFile {
  /** Has a transaction open while mutations run. */
  readonly writer: Connection;
  /** Sees what is committed, and nothing else. */
  readonly reader: Connection;
  close(): void;
}

const FORMAT_VERSION = 1;
// "tide" in ASCII, for `file` and for the check that a file is ours.
const APPLICATION_ID = 0x74696465;

// Somebody may look into the file with the sqlite3 shell for a moment.
const BUSY_TIMEOUT_MS = 5000;

const CREATE_TABLES = `
  -- Convex tables. Numbers are part of document ids and never used again.
  CREATE TABLE tables (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  -- Convex indexes; fields is a JSON array of paths, with the tie-breakers.
  CREATE TABLE indexes (
    id INTEGER PRIMARY KEY, table_number INTEGER NOT NULL, name TEXT NOT NULL, fields TEXT NOT NULL,
    UNIQUE (table_number, name)
  ) STRICT;
  -- Encoded documents. size is in bytes, as Convex counts.
  CREATE TABLE documents (row INTEGER PRIMARY KEY, size INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  -- One row for each document and index, by_id included.
  CREATE TABLE entries (
    index_id INTEGER NOT NULL, key BLOB NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (index_id, key)
  ) STRICT, WITHOUT ROWID;
  -- Answers to clients' requests, so that a repeat gets the same.
  CREATE TABLE requests (
    ts INTEGER PRIMARY KEY, session_id TEXT NOT NULL, request_id INTEGER NOT NULL,
    value TEXT NOT NULL, log_lines TEXT NOT NULL, UNIQUE (session_id, request_id)
  ) STRICT;
  CREATE TABLE variables (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  -- One row. schema is the active one as exported, or NULL.
  CREATE TABLE state (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    last_ts INTEGER NOT NULL, last_creation_time REAL NOT NULL, schema TEXT
  ) STRICT;
  INSERT INTO state VALUES (1, 0, 0, NULL);
`;

/**
 * Opens the file, making it and its folder if they are not there.
 *
 * @throws {Error} One sentence that says why the file cannot be used.
 */
export function openSqliteFile(path: string): SqliteFile {
  const opened: Connection[] = [];
  const connect = (file: string, timeoutMs: number) => {
    const connection = new Sqlite(file, { timeout: timeoutMs });
    opened.push(connection);
    return connection;
  };
  try {
    mkdirSync(dirname(path), { recursive: true });
    const lock = takeLock(connect(`${path}-lock`, 0));
    const writer = connect(path, BUSY_TIMEOUT_MS);
    writer.pragma("journal_mode = WAL");
    writer.pragma("synchronous = FULL");
    prepareFormat(writer);
    const reader = connect(path, BUSY_TIMEOUT_MS);
    return {
      writer,
      reader,
      close() {
        reader.close();
        writer.pragma("wal_checkpoint(TRUNCATE)");
        writer.close();
        lock.close();
      },
    };
  } catch (error) {
    for (const connection of opened) connection.close();
    throw new Error(`Cannot open the database ${JSON.stringify(path)}: ${explain(error)}`, {
      cause: error,
    });
  }
}

class FormatError extends Error {}

/**
 * Locks a file of its own for as long as the process lives. The database file itself cannot be
 * held like that, because its second connection would be kept out too.
 */
function takeLock(connection: Connection): Connection {
  connection.exec("BEGIN EXCLUSIVE");
  return connection;
}

function prepareFormat(writer: Connection): void {
  const version = readNumber(writer, "PRAGMA user_version");
  if (version > FORMAT_VERSION) {
    throw new FormatError(
      `it has format ${version}, made by a newer version; this one reads up to ${FORMAT_VERSION}`,
    );
  }
  if (version === FORMAT_VERSION) {
    if (readNumber(writer, "PRAGMA application_id") === APPLICATION_ID) return;
    throw new FormatError("it is a SQLite database of another program");
  }
  if (readNumber(writer, "SELECT count(*) FROM sqlite_master") > 0) {
    throw new FormatError("it is a SQLite database of another program");
  }
  writer.exec(`BEGIN IMMEDIATE;
    ${CREATE_TABLES}
    PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA user_version = ${FORMAT_VERSION};
    COMMIT;`);
}

function readNumber(connection: Connection, sql: string): number {
  const row = connection.prepare(sql).raw().get() as [number];
  return row[0];
}

function explain(error: unknown): string {
  if (error instanceof FormatError) return error.message;
  const { code, message } = error as { code?: unknown; message?: unknown };
  switch (code) {
    case "SQLITE_BUSY":
    case "SQLITE_LOCKED":
      return "another process is using it";
    case "SQLITE_NOTADB":
      return "it is not a SQLite database";
    case "SQLITE_CORRUPT":
      return "the file is damaged; restore a copy, or remove it to start empty";
    case "SQLITE_READONLY":
    case "SQLITE_CANTOPEN":
    case "EACCES":
    case "EEXIST":
    case "ENOTDIR":
    case "EROFS":
    case "EPERM":
    case "":
    case undefined:
      return `the file or its folder cannot be written (${String(message)})`;
    default:
      return String(message);
  }
}
