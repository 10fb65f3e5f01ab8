export { CuttableProxy } from "./cuttable-proxy.js";
export {
  freePort,
  ProcessComposeRig,
  type ProcessComposeRigOptions,
} from "./process-compose-rig.js";
