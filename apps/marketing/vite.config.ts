import { appConfig } from "../../vite.config.js";

export default appConfig("marketing");
