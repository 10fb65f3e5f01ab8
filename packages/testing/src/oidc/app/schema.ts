export { default } from "../../../../../convex/schema.js";
