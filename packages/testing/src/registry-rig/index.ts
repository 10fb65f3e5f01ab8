/** Real images and a real registry, without a daemon and on this machine alone. */
export { findImageTools, type ImageTools } from "./find-image-tools.js";
export { ImageBuilder } from "./image-builder.js";
export { LocalRegistry, type RegistryRequest } from "./local-registry.js";
export { ShopRig } from "./shop-rig.js";
export { readDigest, skopeo } from "./skopeo.js";
