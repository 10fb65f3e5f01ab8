/**
 * The embedded server, and the moment at which it last had something safe on the disk: what a
 * commit's own timestamp cannot tell, since that is taken before the flush. Run with `fork`, with the
 * data folder as its argument; says its url to its parent, and the moment (ms since epoch) when asked.
 */
import Sqlite from "libsql";
import { startServer } from "../../src/index.js";
import { APP } from "./test-server.js";

let committedAt = 0;
const { prepare } = Sqlite.prototype;
Sqlite.prototype.prepare = function (this: Sqlite.Database, source: string) {
  const statement = prepare.call(this, source);
  if (source === "COMMIT") {
    const { run } = statement;
    statement.run = () => {
      const result = Reflect.apply(run, statement, []);
      committedAt = performance.timeOrigin + performance.now();
      return result;
    };
  }
  return statement;
} as typeof prepare;

const [data = ""] = process.argv.slice(2);
const server = await startServer({ dir: APP, data, port: 0, sitePort: 0, log: () => {} });
process.on("message", () => process.send?.(committedAt));
process.on("disconnect", () => void server.close().then(() => process.exit()));
process.send?.(server.url);
