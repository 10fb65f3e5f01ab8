/** What a host of releases can do wrong, on purpose. */

/** Where a fault happens: the interface, the redirect of a download, the bytes, or an upload. */
export type FaultPlace = "api" | "redirect" | "bytes" | "upload";

/** One way to go wrong. Sizes are in bytes of the answer's own body. */
export type FaultKind =
  /** Names the full length, sends `at` bytes and cuts the connection. */
  | { readonly kind: "cut"; readonly at: number }
  /** HTTP/1.0: names no length, sends `at` bytes and closes, as if that were all. */
  | { readonly kind: "close"; readonly at: number }
  /** Sends `at` bytes and then nothing, for ever. */
  | { readonly kind: "hang"; readonly at: number }
  /** Sends `chunkBytes` every `everyMs`. */
  | { readonly kind: "slow"; readonly chunkBytes: number; readonly everyMs: number }
  /** Answers a Range with 200 and the whole file. */
  | { readonly kind: "ignore-range" }
  /** Answers a Range with 206 and other bytes than were asked for: always from the first on. */
  | { readonly kind: "wrong-range" }
  /** Changes one bit of the byte at `at` of the file. */
  | { readonly kind: "flip"; readonly at: number }
  /** Sends `bytes` zero bytes more than the file has. */
  | { readonly kind: "longer"; readonly bytes: number }
  /** Answers this status; `retryAfter` as its header says it, in seconds or as a date. */
  | { readonly kind: "status"; readonly status: number; readonly retryAfter?: string }
  /** Answers as GitHub does when the hour's requests are used up. */
  | { readonly kind: "rate-limit"; readonly resetAt: number }
  /** Redirects to this address instead. */
  | { readonly kind: "redirect"; readonly to: string }
  /** 200 with a page of HTML, as a captive portal does. */
  | { readonly kind: "html" };

/** A fault, where it happens and how often. */
export type Fault = FaultKind & {
  readonly on: FaultPlace;
  /** Only for paths (with their query) that hold this text. */
  readonly path?: string;
  /** @default Infinity */
  readonly times?: number;
};

/** The faults that are switched on, in the order they were. */
export class FaultSwitches {
  readonly #faults: { readonly fault: Fault; left: number }[] = [];

  /** Switches one on; gives what switches it off. */
  add(fault: Fault): () => void {
    const entry = { fault, left: fault.times ?? Number.POSITIVE_INFINITY };
    this.#faults.push(entry);
    return () => {
      entry.left = 0;
    };
  }

  /** Switches all off. */
  clear(): void {
    this.#faults.length = 0;
  }

  /** The fault for this request, which counts it as used; null if it goes well. */
  take(on: FaultPlace, path: string): Fault | null {
    const entry = this.#faults.find(
      ({ fault, left }) => left > 0 && fault.on === on && path.includes(fault.path ?? ""),
    );
    if (entry === undefined) return null;
    entry.left -= 1;
    return entry.fault;
  }
}
