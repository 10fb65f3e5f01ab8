import { SourceMap, type SourceMapPayload } from "node:module";

// Every stack ends in it, and nobody's bug is there.
const PLUMBING = "/node_modules/convex/";

/** Translates the positions in bundled scripts back to the files that they came from. */
export class StackTraces {
  readonly #maps = new Map<string, SourceMap>();

  /** @param scriptName As given to the engine; unique, without spaces, colons or brackets. */
  addScript(scriptName: string, sourceMap: unknown): void {
    this.#maps.set(scriptName, new SourceMap(sourceMap as SourceMapPayload));
  }

  removeScript(scriptName: string): void {
    this.#maps.delete(scriptName);
  }

  /**
   * The stack of something thrown: `    at handler (../convex/file.ts:12:5)`, a line break after
   * each line. Frames outside the bundled scripts are the server's and left out.
   */
  describe(thrown: unknown): string {
    if (!(thrown instanceof Error) || typeof thrown.stack !== "string") return "";
    let text = "";
    for (const line of thrown.stack.split("\n")) {
      const frame = /^ {4}at (?:(.*) \()?([^\s():]+):(\d+):(\d+)\)?$/.exec(line);
      if (frame === null) continue;
      const [, functionName, scriptName = "", lineNumber, column] = frame;
      const entry = this.#maps
        .get(scriptName)
        ?.findEntry(Number(lineNumber) - 1, Number(column) - 1);
      if (entry === undefined || !("originalSource" in entry)) continue;
      const { originalSource, originalLine, originalColumn } = entry;
      if (originalSource.includes(PLUMBING)) continue;
      const position = `${originalSource}:${originalLine + 1}:${originalColumn + 1}`;
      text += `    at ${functionName ?? "<anonymous>"} (${position})\n`;
    }
    return text;
  }
}
