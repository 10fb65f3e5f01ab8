/** What a git server, or what stands before it, can do wrong on purpose. */

/** One way to go wrong. `at` counts bytes of the answer's body. */
export type GitFaultKind =
  /** Names the full length, sends `at` bytes and cuts the connection. */
  | { readonly kind: "cut"; readonly at: number }
  /** Names no length, sends `at` bytes and closes, as if that were all. */
  | { readonly kind: "close"; readonly at: number }
  /** A proxy that names the length of what is left: `at` bytes, all well as far as HTTP sees. */
  | { readonly kind: "shorten"; readonly at: number }
  /** Leaves out the flush packet at the end. */
  | { readonly kind: "no-flush" }
  /** 200 with the right type and no byte. */
  | { readonly kind: "empty" }
  /** 200 with a page of HTML, as a captive portal does. */
  | { readonly kind: "html" }
  /** Takes the request and never answers. */
  | { readonly kind: "hang" }
  /** Sends `at` bytes and then nothing, for ever. */
  | { readonly kind: "stall"; readonly at: number }
  /** Answers this status. */
  | { readonly kind: "status"; readonly status: number }
  /** Redirects to the same request below another base address. */
  | { readonly kind: "redirect"; readonly status: 301 | 302 | 303 | 307 | 308; readonly to: string }
  /** Answers these bytes instead, with the right type. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** Does not know protocol 2, as servers from before 2018. */
  | { readonly kind: "v1" };

/** A fault, and for which requests. */
export type GitFault = GitFaultKind & {
  /** `advertise`: the GET that comes first; `post`: what follows; absent: both. */
  readonly on?: "advertise" | "post";
  /** Only for this repository. */
  readonly repository?: string;
  /** @default Infinity */
  readonly times?: number;
};
