/** The floor: a process with a `ConvexClient` that watches the same query, and nothing else. */
import { ConvexClient } from "convex/browser";

const [url = "", token = ""] = process.argv.slice(2);
const client = new ConvexClient(url, { logger: false, skipConvexDeploymentUrlCheck: true });
client.onUpdate("fleet:watchTargets" as never, { channel: "stable", token } as never, () => {
  console.log("connected");
});
