import { isDeepStrictEqual } from "node:util";
import { LineCounter, parseAllDocuments } from "yaml";
import { CommandError } from "../command-error.js";
import { applyEdits, type Edit, editMap, UneditableError, type Wish } from "./edit-yaml.js";
import { findSelectedLabels } from "./find-selected-labels.js";
import { type ContainerFacts, templatePath, type Workload, workloads } from "./workload.js";

/** The label that tells the version; it is never part of a selector. */
export const VERSION_LABEL = "app.kubernetes.io/version";

/** What the workloads of one service are to say. */
export interface Annotation {
  /** As a label's value. */
  readonly version: string;
  readonly changeCause: string;
  /** Null where it is not known. */
  readonly buildId: string | null;
  /** By digest; null leaves images as they are. */
  readonly image: string | null;
  /** True of the containers that run the service. */
  readonly isOfService: (container: ContainerFacts) => boolean;
}

/** A manifest with its annotations. */
export interface AnnotatedManifest {
  readonly text: string;
  /** The workloads that run the service. */
  readonly objects: readonly { readonly kind: string; readonly name: string }[];
  /** All containers there are, for whoever finds that none is the service's. */
  readonly containers: readonly string[];
}

/**
 * Puts version, cause and image into the workloads of a manifest that run the service, and changes
 * no other character of it. A manifest that says all of it is given back as it is.
 *
 * @param path For the sentences of errors.
 * @throws {CommandError} `refused`, for a Helm template and where a selector names the version:
 *   selectors cannot change, so no rollout would ever be accepted again.
 */
export function annotateManifest(
  text: string,
  path: string,
  annotation: Annotation,
): AnnotatedManifest {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines });
  const lineOf = (offset: number) => lines.linePos(offset).line;
  const parsed = "empty" in documents ? [] : documents;
  for (const { errors, contents, range } of parsed) {
    const found = workloads(contents);
    refuseTemplate(text.slice(range[0], range[1]), errors.length > 0 || found.length > 0, path);
    const [error] = errors;
    if (error !== undefined) {
      throw new CommandError(
        "usage",
        `Cannot annotate ${path}, line ${lineOf(error.pos[0])}: expected YAML, got "${error.message.split("\n")[0]?.replace(/ at line.*$/, "")}"`,
      );
    }
  }
  const selected = parsed.flatMap(({ contents }) => findSelectedLabels(contents, VERSION_LABEL));
  if (selected.length > 0) {
    const places = selected.map((offset) => `${path}, line ${lineOf(offset)}`).join("; ");
    throw new CommandError(
      "refused",
      `Cannot annotate ${places}: expected no selector with ${VERSION_LABEL}, which changes with every version while a selector cannot change`,
    );
  }
  const all = parsed.flatMap(({ contents }) => workloads(contents));
  const chosen = all.filter(({ containers }) => containers.some(annotation.isOfService));
  let result: string;
  try {
    const edits = chosen.flatMap((workload) => editWorkload(text, workload, annotation));
    result = applyEdits(text, edits);
  } catch (cause) {
    if (!(cause instanceof UneditableError)) throw cause;
    throw new CommandError(
      "usage",
      `Cannot annotate ${path}, line ${lineOf(cause.offset)}: ${cause.message}`,
      { cause },
    );
  }
  verify(text, result, path, annotation);
  return {
    text: result,
    objects: chosen.map(({ kind, name }) => ({ kind, name })),
    containers: all.flatMap(({ containers }) => containers.map(({ name }) => name)),
  };
}

/** Braces elsewhere are a matter of other programs, alerts' texts for example. */
function refuseTemplate(source: string, isOurs: boolean, path: string): void {
  if (!isOurs || !/\{\{.*\}\}/s.test(source)) return;
  throw new CommandError(
    "refused",
    `Cannot annotate ${path}: expected a manifest, got a template with "{{"; annotate what helm template prints, or pass the values to the chart`,
  );
}

function editWorkload(text: string, workload: Workload, annotation: Annotation): Edit[] {
  const { image, isOfService } = annotation;
  const metadata = metadataOf(annotation);
  const containers = image === null ? [] : workload.containers.filter(isOfService);
  return [
    ...editMap(text, workload.object, metadata),
    ...editMap(text, workload.template, metadata),
    ...containers.flatMap(({ map }) => editMap(text, map, { image: image ?? "" })),
  ];
}

function metadataOf({ version, changeCause, buildId }: Annotation): Wish {
  const annotations = {
    "kubernetes.io/change-cause": changeCause,
    ...(buildId !== null && { "dev.tideline.build-id": buildId }),
  };
  return { metadata: { labels: { [VERSION_LABEL]: version }, annotations } };
}

/**
 * The text was changed where the parser said that values stand. It has to say the same of the result:
 * an anchor (`&labels`) would have carried a change on to a selector.
 */
function verify(before: string, after: string, path: string, annotation: Annotation): void {
  const expected = readPlain(before);
  for (const document of expected) annotatePlain(document, annotation);
  if (isDeepStrictEqual(readPlain(after), expected)) return;
  throw new CommandError(
    "usage",
    `Cannot annotate ${path}: expected labels, annotations and images that stand by themselves, got some that other places share by an alias`,
  );
}

function readPlain(text: string): unknown[] {
  const documents = parseAllDocuments(text);
  if ("empty" in documents) return [];
  // What an alias shares becomes a copy in each place.
  return documents.map((document) => JSON.parse(JSON.stringify(document.toJS() ?? null)));
}

function annotatePlain(json: unknown, annotation: Annotation): void {
  const object = json as Plain | null;
  if (object?.kind === "List") {
    for (const item of (object.items as unknown[] | null) ?? []) annotatePlain(item, annotation);
    return;
  }
  const template = templatePath(String(object?.kind)).reduce<Plain | undefined>(
    (at, key) => at?.[key] as Plain | undefined,
    object ?? undefined,
  );
  if (object === null || template === undefined || template === object) return;
  const spec = (template.spec ?? {}) as Plain;
  const chosen = (["initContainers", "containers"] as const).flatMap((list) =>
    ((spec[list] as Plain[] | null) ?? []).filter((container) =>
      annotation.isOfService({
        name: String(container.name ?? ""),
        image: String(container.image ?? ""),
        isInit: list === "initContainers",
      }),
    ),
  );
  if (chosen.length === 0) return;
  for (const place of [object, template]) merge(place, metadataOf(annotation));
  for (const container of chosen) if (annotation.image !== null) container.image = annotation.image;
}

type Plain = Record<string, unknown>;

function merge(into: Plain, wish: Wish): void {
  for (const [key, value] of Object.entries(wish)) {
    if (typeof value === "string") into[key] = value;
    else {
      into[key] ??= {};
      merge(into[key] as Plain, value);
    }
  }
}
