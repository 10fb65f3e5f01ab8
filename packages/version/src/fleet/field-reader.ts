/** Reads the fields of one JSON object, where nothing may be missing, unknown or of another kind. */
export class FieldReader {
  private readonly values: Readonly<Record<string, unknown>>;

  /**
   * @param what Names the whole text in errors: `"release manifest"`.
   * @param path Where the object stands in it; empty for the whole.
   * @param keys Every field that it must have, and there may be no other; null takes any.
   * @throws {TypeError} If `value` is no object, or has other fields.
   */
  constructor(
    value: unknown,
    private readonly what: string,
    private readonly path: string,
    keys: readonly string[] | null,
  ) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.error(null, "an object", value);
    }
    this.values = value as Record<string, unknown>;
    if (keys === null) return;
    const unknown = Object.keys(value).find((key) => !keys.includes(key));
    if (unknown !== undefined) throw this.error(null, `only ${keys.join(", ")}`, unknown);
    const missing = keys.find((key) => !Object.hasOwn(value, key));
    if (missing !== undefined) throw this.error(missing, "a value", undefined);
  }

  /** The names of its fields. */
  keys(): string[] {
    return Object.keys(this.values);
  }

  isNull(key: string): boolean {
    return this.values[key] === null;
  }

  /** @param description Of what matches, for the middle of a sentence. */
  text(key: string, pattern: RegExp, description: string): string {
    return this.checkText(key, this.values[key], pattern, description);
  }

  textOrNull(key: string, pattern: RegExp, description: string): string | null {
    return this.isNull(key) ? null : this.text(key, pattern, `${description}, or null`);
  }

  texts(
    key: string,
    { min, max }: { readonly min: number; readonly max: number },
    pattern: RegExp,
    description: string,
  ): string[] {
    const texts = this.list(key, { min, max }).map((value, index) =>
      this.checkText(`${key}.${index}`, value, pattern, description),
    );
    const twice = texts.find((text, index) => texts.indexOf(text) !== index);
    if (twice !== undefined) throw this.error(key, "every entry once", twice);
    return texts;
  }

  list(key: string, { min, max }: { readonly min: number; readonly max: number }): unknown[] {
    const value = this.values[key];
    if (!Array.isArray(value)) throw this.error(key, "a list", value);
    if (value.length >= min && value.length <= max) return value;
    throw this.error(key, `${min} to ${max} entries`, value.length, RangeError);
  }

  wholeNumber(key: string, min: number, max: number): number {
    const value = this.values[key];
    if (typeof value !== "number") throw this.error(key, "a number", value);
    // -0 is 0 to every comparison, and another spelling of it to everybody else.
    if (Number.isInteger(value) && !Object.is(value, -0) && value >= min && value <= max) {
      return value;
    }
    throw this.error(key, `a whole number from ${min} to ${max}`, value, RangeError);
  }

  flag(key: string): boolean {
    const value = this.values[key];
    if (typeof value === "boolean") return value;
    throw this.error(key, "true or false", value);
  }

  oneOf<Value extends string | number>(key: string, values: readonly Value[]): Value {
    const found = values.find((value) => value === this.values[key]);
    if (found !== undefined) return found;
    throw this.error(key, values.map((value) => JSON.stringify(value)).join(" or "), this.raw(key));
  }

  object(key: string, keys: readonly string[] | null): FieldReader {
    return new FieldReader(this.raw(key), this.what, this.pathOf(key), keys);
  }

  /** An object in a list that {@link list} has given. */
  item(key: string, index: number, keys: readonly string[]): FieldReader {
    const value = (this.raw(key) as readonly unknown[])[index];
    return new FieldReader(value, this.what, this.pathOf(`${key}.${index}`), keys);
  }

  raw(key: string): unknown {
    return this.values[key];
  }

  /** An error about one field, or about the object itself where `key` is null. */
  error(
    key: string | null,
    expected: string,
    found: unknown,
    kind: typeof TypeError | typeof RangeError = TypeError,
  ): Error {
    const place = this.pathOf(key);
    const shown = JSON.stringify(found)?.slice(0, 80) ?? "nothing";
    return new kind(
      `Cannot parse ${this.what}: expected ${expected}${place === "" ? "" : ` at "${place}"`}, got ${shown}`,
    );
  }

  private pathOf(key: string | null): string {
    return [this.path, key].filter((part) => part !== null && part !== "").join(".");
  }

  private checkText(key: string, value: unknown, pattern: RegExp, description: string): string {
    if (typeof value === "string" && pattern.test(value)) return value;
    throw this.error(key, description, value);
  }
}
