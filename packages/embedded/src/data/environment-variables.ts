/**
 * The deployment's variables, as `npx convex env` shows and sets them.
 */
import type { Connection } from "./sqlite-file.js";

const MAX_COUNT = 512;
const MAX_NAME_LENGTH = 256;
const MAX_VALUE_BYTES = 8 * 1024;
const MAX_TOTAL_BYTES = 512 * 1024;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export class EnvironmentVariables {
  readonly #writer: Connection;
  #values: ReadonlyMap<string, string>;

  constructor(writer: Connection) {
    this.#writer = writer;
    const rows = writer.prepare("SELECT name, value FROM variables").raw().all();
    this.#values = new Map(rows as [string, string][]);
  }

  get values(): ReadonlyMap<string, string> {
    return this.#values;
  }

  /**
   * What the variables would be after these changes.
   *
   * @throws {RangeError} For a name or value that is not allowed, or too many.
   */
  after(changes: ReadonlyMap<string, string | null>): ReadonlyMap<string, string> {
    const values = new Map(this.#values);
    for (const [name, value] of changes) {
      if (value === null) values.delete(name);
      else {
        checkVariable(name, value);
        values.set(name, value);
      }
    }
    if (values.size > MAX_COUNT) {
      throw new RangeError(
        `Cannot set environment variables: there would be ${values.size}, at most ${MAX_COUNT} are allowed`,
      );
    }
    let total = 0;
    for (const [name, value] of values) total += Buffer.byteLength(name) + Buffer.byteLength(value);
    if (total > MAX_TOTAL_BYTES) {
      throw new RangeError(
        `Cannot set environment variables: together they would have ${total} bytes, at most ${MAX_TOTAL_BYTES} are allowed`,
      );
    }
    return values;
  }

  /** Stores them; inside the caller's SQLite transaction. */
  store(values: ReadonlyMap<string, string>): void {
    this.#writer.exec("DELETE FROM variables");
    const insert = this.#writer.prepare("INSERT INTO variables (name, value) VALUES (?, ?)");
    for (const [name, value] of values) insert.run([name, value]);
  }

  /** Takes stored values into use; once they are committed. */
  use(values: ReadonlyMap<string, string>): void {
    this.#values = values;
  }
}

function checkVariable(name: string, value: string): void {
  if (!NAME.test(name)) {
    throw new RangeError(
      `Cannot set environment variable "${name}": a name has only letters, digits and underscores, and does not start with a digit`,
    );
  }
  if (name.length > MAX_NAME_LENGTH) {
    throw new RangeError(
      `Cannot set environment variable "${name}": its name has ${name.length} characters, at most ${MAX_NAME_LENGTH} are allowed`,
    );
  }
  const bytes = Buffer.byteLength(value);
  if (bytes > MAX_VALUE_BYTES) {
    throw new RangeError(
      `Cannot set environment variable "${name}": its value has ${bytes} bytes, at most ${MAX_VALUE_BYTES} are allowed`,
    );
  }
}
