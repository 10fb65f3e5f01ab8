export {
  readinessByNotes,
  type ServiceProgram,
  type ServiceProgramOptions,
  type ServiceVariant,
  serviceProgram,
  writeServiceProgram,
} from "./service-program.js";
