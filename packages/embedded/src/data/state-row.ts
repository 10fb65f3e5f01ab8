/** The one row that says where the database stopped: its clock and its schema. */
import type { ClockState } from "./clock.js";
import type { Connection } from "./sqlite-file.js";

export class StateRow {
  readonly #writer: Connection;
  readonly #writeClock;

  constructor(writer: Connection) {
    this.#writer = writer;
    this.#writeClock = writer.prepare("UPDATE state SET last_ts = ?, last_creation_time = ?");
  }

  readClock(): ClockState {
    const row = this.#writer
      .prepare("SELECT last_ts, last_creation_time FROM state")
      .raw()
      .safeIntegers()
      .get();
    const [lastTs, lastCreationTime] = row as [bigint, number];
    return { lastTs, lastCreationTime };
  }

  writeClock({ lastTs, lastCreationTime }: ClockState): void {
    this.#writeClock.run([lastTs, lastCreationTime]);
  }

  /** JSON text of the active schema as exported, or null. */
  readSchema(): string | null {
    const row = this.#writer.prepare("SELECT schema FROM state").raw().get();
    return (row as [string | null])[0];
  }

  writeSchema(exported: string | null): void {
    this.#writer.prepare("UPDATE state SET schema = ?").run([exported]);
  }
}
