import { tideline } from "@tideline/vite-plugin";
import { appConfig } from "../../vite.config.js";

export default appConfig("web", tideline({ appName: "web" }));
