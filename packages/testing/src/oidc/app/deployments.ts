export * from "../../../../../convex/deployments.js";
