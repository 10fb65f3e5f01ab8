/** The door to a gateway: a source for pages that do not speak Convex, and for large audiences. */
export { followGateway } from "./sse/follow-gateway.js";
export { type GatewaySourceOptions, gatewaySource } from "./sse/gateway-source.js";
