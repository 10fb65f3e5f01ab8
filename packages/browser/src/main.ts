/** `tideline.js`: the watch and its toast. */
import { start } from "./start.js";
import { api, page, show } from "./toast.js";

start(api, page, show);
