/** A page that watches through a gateway at its own origin, and notes down what it is told. */
import { createVersionWatch, type WatchSnapshot } from "@tideline/watch";
import { browserPage, readStamp } from "@tideline/watch/page";
import { gatewaySource } from "@tideline/watch/sse";

const told: WatchSnapshot[] = [];
const watch = createVersionWatch({
  stamp: readStamp(),
  appName: "web",
  environment: "production",
  source: gatewaySource("/"),
  page: browserPage,
});
const follow = () => watch.subscribe(() => told.push(watch.getSnapshot()));
Object.assign(window, { told, watch, follow, stop: follow() });
