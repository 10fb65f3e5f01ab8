export { type SystemctlRig, writeSystemctl } from "./systemctl-rig.js";
