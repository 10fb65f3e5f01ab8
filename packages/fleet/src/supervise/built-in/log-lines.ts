import { StringDecoder } from "node:string_decoder";

/** A service may write for years and in lines without an end; neither may fill the memory. */
const MAX_LINES = 1_000;
const MAX_LINE_LENGTH = 4_096;

/** The newest lines of what a service writes. */
export class LogLines {
  readonly #lines: string[] = [];
  readonly #onLine: (line: string) => void;

  /** @param onLine Hears every line once it is whole. */
  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** Takes a line that stands alone. */
  add(line: string): void {
    const cut = line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH)}…` : line;
    this.#lines.push(cut);
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
    this.#onLine(cut);
  }

  /**
   * Takes bytes as they come from a pipe. Of a line that is too long the rest is dropped; call the
   * returned function when the pipe has ended.
   */
  taker(): { readonly take: (bytes: Buffer) => void; readonly end: () => void } {
    const decoder = new StringDecoder("utf8");
    let rest = "";
    const take = (bytes: Buffer) => {
      const parts = (rest + decoder.write(bytes)).split("\n");
      rest = (parts.pop() ?? "").slice(0, MAX_LINE_LENGTH + 1);
      for (const part of parts) this.add(part.replace(/\r$/, ""));
    };
    const end = () => {
      if (rest !== "") this.add(rest);
      rest = "";
    };
    return { take, end };
  }

  /** The `count` lines before the last `skip` ones, oldest first; 0 is all of them. */
  range(skip: number, count: number): string[] {
    const end = Math.max(0, this.#lines.length - skip);
    return this.#lines.slice(count === 0 ? 0 : Math.max(0, end - count), end);
  }
}
