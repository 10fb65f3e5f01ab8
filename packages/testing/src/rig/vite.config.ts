/**
 * Builds an app of this repository as one of several that differ in what a reader sees: the name
 * "Tidepool" becomes "Tidepool B", in every file that has it, lazily loaded ones included, and
 * marketing's "Tideline" becomes "Tideline B".
 */
import { tideline } from "@tideline/vite-plugin";
import type { Plugin } from "vite";
import { appConfig } from "../../../../vite.config.js";

const { TIDELINE_APP: app, TIDELINE_RIG_VARIANT: variant = "" } = process.env;
if (app !== "web" && app !== "admin" && app !== "marketing") {
  throw new TypeError(`Cannot build a variant: expected an app in TIDELINE_APP, got "${app}"`);
}

const mark: Plugin = {
  name: "rig:variant",
  enforce: "pre",
  // marketing says its name in its page.
  transformIndexHtml: (html) => html.replace(">Tideline<", `>Tideline ${variant}<`),
  transform: {
    filter: { id: /\/apps\/.*\.tsx?$/, code: "Tidepool" },
    handler: (code) => ({ code: code.replaceAll("Tidepool", `Tidepool ${variant}`), map: null }),
  },
};

const config = await appConfig(app, [tideline({ appName: app }), mark]);
export default config;
