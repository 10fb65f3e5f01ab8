/** The script without its toast, for the size gate: what a page pays to be told. */
import { buildPage } from "./build-page.js";
import { start } from "./start.js";

start({}, buildPage, () => () => {});
