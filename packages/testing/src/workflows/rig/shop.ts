/**
 * A small repository that deploys with this repository's workflows: two services, each a page, and
 * where there is a registry of images a third one, which is an image.
 */
import { readWorkflowFile } from "../workflow-files.js";
import type { PackageRegistry } from "./package-registry.js";
import type { PublicHost } from "./public-host.js";

const WORKFLOWS = ["deploy-staging", "deploy-production", "deploy-service", "release"];

/**
 * Gives the repository's files by path; the workflows are the real ones, unchanged.
 *
 * @param images The host of a registry of images, or null.
 */
export async function shopFiles(
  { version, locked }: PackageRegistry,
  host: PublicHost,
  images: string | null,
): Promise<Record<string, string>> {
  const files: Record<string, string> = {
    ".gitignore": "node_modules/\ndist/\n.plan/\n",
    "package.json": json({
      name: "shop",
      version: "0.0.0",
      private: true,
      scripts: { tideline: "tideline" },
      devDependencies: { "@tideline/cli": version },
    }),
    "package-lock.json": json({
      name: "shop",
      version: "0.0.0",
      lockfileVersion: 3,
      requires: true,
      packages: {
        "": { name: "shop", version: "0.0.0", devDependencies: { "@tideline/cli": version } },
        "node_modules/@tideline/cli": { ...locked, dev: true },
      },
    }),
    "tideline.config.json": json({
      versionFile: "assets/version.json",
      ...(images !== null && { registry: `${images}/acme` }),
      services: {
        web: { paths: ["web/**"], dist: "dist/web" },
        api: { paths: ["api/**"], dist: "dist/api" },
        ...(images !== null && { worker: WORKER }),
      },
      environments: { staging: placeOf(host, "staging"), production: placeOf(host, "production") },
    }),
    "assets/version.json": json({
      version: "1.0.0",
      build_number: "0",
      build_date: "2026-11-01T00:00:00Z",
      git_commit: "unknown",
      buildTimestamp: "2026-11-01 00:00:00",
    }),
    "web/page.html": "<!doctype html><title>web</title><p>One</p>\n",
    "api/page.html": "<!doctype html><title>api</title><p>One</p>\n",
  };
  if (images !== null) {
    files["worker/Dockerfile"] = "FROM scratch\nCOPY work.txt /work.txt\n";
    files["worker/work.txt"] = "One\n";
  }
  for (const name of WORKFLOWS) {
    const { path, text } = await readWorkflowFile(`.github/workflows/${name}.yml`);
    files[path] = text;
  }
  return files;
}

const WORKER = {
  paths: ["worker/**"],
  image: "worker",
  dockerfile: "worker/Dockerfile",
  context: "worker",
};

/** Its two scripts, which have to be executable. */
export const SHOP_SCRIPTS: Readonly<Record<string, string>> = {
  "build.sh": `#!/usr/bin/env bash
set -euo pipefail
service=$2
mkdir -p "dist/$service"
cp "$service/page.html" "dist/$service/index.html"
npm run --silent tideline -- stamp --app "$service" --dist "dist/$service" --write
`,
  "publish.sh": `#!/usr/bin/env bash
set -euo pipefail
public=$1/$TIDELINE_ENVIRONMENT/$TIDELINE_SERVICE
if [ -e "$1/$TIDELINE_SERVICE-is-down" ]; then
  echo "The host of $TIDELINE_SERVICE is down" >&2
  exit 1
fi
mkdir -p "$(dirname "$public")"
rm -rf "$public"
if [ -n "$TIDELINE_IMAGE" ]; then
  printf '<p>%s</p>' "$TIDELINE_IMAGE" > "$public.html"
else
  cp -R "dist/$TIDELINE_SERVICE" "$public"
fi
`,
};

function placeOf({ url, folder }: PublicHost, environment: string): object {
  return {
    probes: { web: `${url}/${environment}/web/`, api: `${url}/${environment}/api/` },
    deploy: `./publish.sh "${folder}"`,
  };
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
