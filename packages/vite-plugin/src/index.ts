export { type TidelineOptions, tideline } from "./tideline.js";
