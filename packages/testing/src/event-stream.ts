/** An event stream over a plain request, read as bytes: what the wire carries, and nothing mended. */
import { type IncomingMessage, request } from "node:http";

/** What one block of a stream says: its fields, or its comment under "". */
export type Block = Readonly<Record<string, string>>;

/** One stream. */
export class EventStream {
  readonly response: IncomingMessage;
  readonly blocks: Block[] = [];
  /** Everything that came. */
  text = "";
  isEnded = false;
  #unread = "";
  #taken = 0;
  #wake = () => {};

  private constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding("utf8").on("data", (piece: string) => this.#take(piece));
    for (const event of ["end", "error", "close"]) response.on(event, () => this.#end());
  }

  /** Opens it, and resolves with the head; nothing of the body need be there. */
  static open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<EventStream> {
    return new Promise((resolve, reject) => {
      request(url, { headers, agent: false }, (response) => resolve(new EventStream(response)))
        .on("error", reject)
        .end();
    });
  }

  /** The next block that was not asked for yet; rejects when the stream ended before it. */
  async next(): Promise<Block> {
    for (;;) {
      const block = this.blocks[this.#taken];
      if (block !== undefined) {
        this.#taken++;
        return block;
      }
      if (this.isEnded) throw new Error(`The stream ended after: ${this.text}`);
      await this.#change();
    }
  }

  /** The next message, comments left out. */
  async nextMessage<Message = Readonly<Record<string, unknown>>>(): Promise<Message> {
    for (;;) {
      const { event, data } = await this.next();
      if (event === "version_update") return JSON.parse(data ?? "");
    }
  }

  /** Resolves when the server has ended it. */
  async ended(): Promise<void> {
    while (!this.isEnded) await this.#change();
  }

  close(): void {
    this.response.destroy();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#wake;
      this.#wake = () => {
        before();
        resolve();
      };
    });
  }

  #take(piece: string): void {
    this.text += piece;
    const blocks = `${this.#unread}${piece}`.split("\n\n");
    this.#unread = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = block.split("\n").map((line) => line.split(/: ?(.*)/s).slice(0, 2));
      this.blocks.push(Object.fromEntries(fields));
    }
    this.#tell();
  }

  #end(): void {
    this.isEnded = true;
    this.#tell();
  }

  #tell(): void {
    const wake = this.#wake;
    this.#wake = () => {};
    wake();
  }
}
