export { default } from "../../../../../convex/http.js";
