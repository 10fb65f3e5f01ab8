/** `tideline.js`: the watch and its toast. */
import { start } from "./start.js";
import { toast } from "./toast.js";

start(toast);
