import { isMap, isScalar, isSeq, type Scalar, type YAMLMap } from "yaml";

/** An object that starts pods. */
export interface Workload {
  readonly kind: string;
  readonly name: string;
  readonly object: YAMLMap;
  readonly template: YAMLMap;
  readonly containers: readonly Container[];
}

/** What tells a container from others. */
export interface ContainerFacts {
  readonly name: string;
  /** With tag or digest. */
  readonly image: string;
  /** Runs before the others and ends. */
  readonly isInit: boolean;
}

/** One container of a workload's pods. */
export interface Container extends ContainerFacts {
  readonly map: YAMLMap;
}

const TEMPLATES: ReadonlyMap<string, readonly string[]> = new Map([
  ["CronJob", ["spec", "jobTemplate", "spec", "template"]],
  ["DaemonSet", ["spec", "template"]],
  ["Deployment", ["spec", "template"]],
  ["Job", ["spec", "template"]],
  ["StatefulSet", ["spec", "template"]],
]);

/** Gives where a kind of object has the template of its pods; empty if it starts none. */
export function templatePath(kind: string): readonly string[] {
  return TEMPLATES.get(kind) ?? [];
}

/** Gives the workloads of a document; a `List` has several, most kinds none. */
export function workloads(contents: unknown): Workload[] {
  if (!isMap(contents)) return [];
  const kind = textOf(contents, "kind");
  if (kind === "List") {
    const items = contents.get("items");
    return isSeq(items) ? items.items.flatMap(workloads) : [];
  }
  const path = templatePath(kind);
  const template = path.length > 0 ? contents.getIn(path) : null;
  if (!isMap(template)) return [];
  const metadata = contents.get("metadata");
  return [
    {
      kind,
      name: isMap(metadata) ? textOf(metadata, "name") : "",
      object: contents,
      template,
      containers: [
        ...containersOf(template, "initContainers", true),
        ...containersOf(template, "containers", false),
      ],
    },
  ];
}

function containersOf(template: YAMLMap, list: string, isInit: boolean): Container[] {
  const containers = template.getIn(["spec", list]);
  if (!isSeq(containers)) return [];
  return containers.items.filter(isMap).map((map) => ({
    name: textOf(map, "name"),
    image: textOf(map, "image"),
    map,
    isInit,
  }));
}

function textOf(map: YAMLMap, key: string): string {
  const node = map.get(key, true) as unknown;
  return isScalar(node) ? String((node as Scalar).value ?? "") : "";
}
