import { dirname } from "node:path";
import type { EnvironmentConfig, ServiceConfig, TidelineConfig } from "./config.js";
import type { ConfigFile } from "./config-schema.js";

/**
 * Gives the file with every default filled in.
 *
 * @param path The file's absolute path.
 */
export function fillInConfig(file: ConfigFile, path: string): TidelineConfig {
  const source = findVersionSource(file);
  return {
    path,
    root: dirname(path),
    versionFile: clean(file.versionFile ?? "version.json"),
    branch: file.branch ?? "main",
    remote: file.remote ?? "origin",
    tagPrefix: file.tagPrefix ?? "v",
    releaseTagPrefix: file.releaseTagPrefix ?? "release/v",
    registry: file.registry ?? null,
    shared: new Map(Object.entries(file.shared ?? {})),
    services: mapValues(file.services, (name, service): ServiceConfig => {
      const isVersionSource = name === source;
      const image = service.image ?? null;
      return {
        name,
        appName: service.appName ?? name,
        paths: service.paths,
        dependsOn: service.dependsOn ?? [],
        isVersionSource,
        image,
        tagSuffix: service.tagSuffix ?? (isVersionSource ? "" : `-${name}`),
        dockerfile: cleanOrNull(service.dockerfile ?? (image === null ? null : "Dockerfile")),
        context: clean(service.context ?? "."),
        publicVariables: service.publicVariables ?? [],
        dist: cleanOrNull(service.dist ?? null),
      };
    }),
    environments: mapValues(
      file.environments ?? {},
      (name, environment): EnvironmentConfig => ({
        name,
        probes: new Map(Object.entries(environment.probes ?? {})),
        deploy: environment.deploy ?? null,
        convexUrl: withoutSlash(environment.convexUrl),
        convexSiteUrl: withoutSlash(environment.convexSiteUrl),
      }),
    ),
  };
}

/** The one that says so, else "web", else the only one there is. */
function findVersionSource({ services }: ConfigFile): string | null {
  const names = Object.keys(services);
  const declared = names.find((name) => services[name]?.versionSource);
  if (declared !== undefined) return declared;
  const byDefault = Object.hasOwn(services, "web") ? "web" : names.length === 1 ? names[0] : null;
  return byDefault != null && services[byDefault]?.versionSource !== false ? byDefault : null;
}

function mapValues<From, To>(
  values: Readonly<Record<string, From>>,
  change: (name: string, value: From) => To,
): ReadonlyMap<string, To> {
  return new Map(Object.entries(values).map(([name, value]) => [name, change(name, value)]));
}

/** `./a/` and `a` are the same path, and git knows only the second. */
function clean(path: string): string {
  return (
    path
      .replaceAll("\\", "/")
      .replace(/^(?:\.\/+)+/, "")
      .replace(/\/+$/, "") || "."
  );
}

function cleanOrNull(path: string | null): string | null {
  return path === null ? null : clean(path);
}

function withoutSlash(url: string | undefined): string | null {
  return url?.replace(/\/+$/, "") ?? null;
}
