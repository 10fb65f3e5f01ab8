import { type Check, checked } from "../../check.js";
import { shown } from "../shown.js";
import type { Visit } from "../visit.js";
import { withStream } from "../with-stream.js";

/** Nobody compresses the stream: a compressor keeps what it has until it is enough. */
export const uncompressed: Check<Visit> = {
  name: "compression",
  promise: "the stream is not compressed",
  look: (visit) =>
    withStream(visit, ({ headers }, { address: where }) => {
      const encoding = headers["content-encoding"]?.trim() ?? "identity";
      if (encoding.toLowerCase() === "identity") return checked([]);
      const problem = `the stream is compressed (${shown(encoding)}): each message waits until the compressor lets it go, and costs memory for each client`;
      const fix = "leave text/event-stream out of what is compressed (in nginx gzip_types)";
      return checked([{ level: "warn", where, problem, fix }]);
    }),
};
