/** The apps of this repository, and where `npm start` serves them unless it is told otherwise. */
export const APPS = {
  web: { port: 4310, about: "a small app with a form and a lazily loaded page" },
  admin: { port: 4311, about: "what is live, and the history, as it happens" },
  marketing: { port: 4312, about: "Tideline's own landing page, without a framework" },
} as const;

/** The folder's name under `apps/`, and the name under which it is recorded. */
export type AppName = keyof typeof APPS;

/** In the order in which they are shown. */
export const APP_NAMES = Object.keys(APPS) as AppName[];

/** Where `npm start` runs the gateway unless it is told otherwise. */
export const GATEWAY_PORT = 8780;

/** The environment that everything on this machine is recorded for. */
export const LOCAL_ENVIRONMENT = "local";
