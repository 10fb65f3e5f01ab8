import type { WatchPage } from "../watch-page.js";
import { browserTab } from "./browser-tab.js";
import { servedBuild } from "./served-build.js";

/** The page this runs in, for a watch. Touches nothing until a method is called. */
export const browserPage: WatchPage = { ...browserTab, servedBuild };
