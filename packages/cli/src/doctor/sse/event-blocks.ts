/** One block of a stream of server-sent events, with when it came. */
export interface EventBlock {
  /** Its lines as they came, comments included. */
  readonly lines: readonly string[];
  /** Null for a block that gives no event: comments, or `retry:` alone. */
  readonly event: { readonly type: string; readonly data: string } | null;
  readonly id: string | null;
  readonly retryMs: number | null;
  /** Since the connection stood. */
  readonly afterMs: number;
  /** Which piece of the answer it ended in: blocks of one piece arrived together. */
  readonly piece: number;
}

/**
 * Gives a reader of the stream's text. Each call takes the next piece, cut anywhere, and gives the
 * blocks that ended in it.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function eventBlocks(): (text: string, afterMs: number) => readonly EventBlock[] {
  let rest = "";
  let lines: string[] = [];
  let piece = 0;
  let isStart = true;
  return (text, afterMs) => {
    piece++;
    rest += isStart ? text.replace(/^\uFEFF/, "") : text;
    isStart &&= text === "";
    const blocks: EventBlock[] = [];
    for (;;) {
      // A CR at the very end may be half of a CRLF.
      const end = /\r\n|\n|\r(?!$)/.exec(rest);
      if (end === null) return blocks;
      const line = rest.slice(0, end.index);
      rest = rest.slice(end.index + end[0].length);
      if (line !== "") {
        lines.push(line);
      } else if (lines.length > 0) {
        blocks.push(readBlock(lines, afterMs, piece));
        lines = [];
      }
    }
  };
}

function readBlock(lines: readonly string[], afterMs: number, piece: number): EventBlock {
  let type = "message";
  let id: string | null = null;
  let retryMs: number | null = null;
  const data: string[] = [];
  for (const line of lines) {
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event" && value !== "") type = value;
    else if (field === "data") data.push(value);
    else if (field === "id" && !value.includes("\0")) id = value;
    else if (field === "retry" && /^\d+$/.test(value)) retryMs = Number(value);
  }
  const event = data.length === 0 ? null : { type, data: data.join("\n") };
  return { lines, event, id, retryMs, afterMs, piece };
}
