import type { ServiceConfig, TidelineConfig } from "../config/config.js";
import { type ImageTags, imageTags } from "./image-tags.js";
import { ociLabels } from "./oci-labels.js";
import type { SourceFacts } from "./source-facts.js";

/** How one service's image is called, labelled and built. */
export interface ServiceImage {
  readonly service: string;
  /** Without a tag, for example `"ghcr.io/acme/api"`. */
  readonly image: string;
  readonly tags: ImageTags;
  readonly labels: Readonly<Record<string, string>>;
  readonly buildArguments: Readonly<Record<string, string>>;
}

/** The ids of one build of a service; null where they are not known. */
export interface BuildIds {
  readonly buildId: string | null;
  readonly inputsId: string | null;
}

/** Gives the name of a service's image without a tag; null if it has none. */
export function imageName(
  { registry }: Pick<TidelineConfig, "registry">,
  { image }: Pick<ServiceConfig, "image">,
): string | null {
  return image === null || registry === null ? null : `${registry}/${image}`;
}

/**
 * Gives tags, labels and build arguments of an image.
 *
 * @param image Its name without a tag.
 */
export function describeImage(
  { name, tagSuffix }: Pick<ServiceConfig, "name" | "tagSuffix">,
  image: string,
  facts: SourceFacts,
  { buildId, inputsId }: BuildIds,
): ServiceImage {
  const { version, commit, isUnnamed, revision, source, createdAt, spotVersion } = facts;
  const tags = imageTags({ version, commit, tagSuffix });
  const given: Readonly<Record<string, string | null>> = {
    VERSION: version,
    GIT_SHA: revision,
    BUILD_ID: buildId,
    SPOT_VERSION: spotVersion,
    // BuildKit takes the times in the image from it.
    SOURCE_DATE_EPOCH: String(Math.floor(createdAt / 1000)),
  };
  return {
    service: name,
    image,
    // The version is the commit's, and this is another content.
    tags: isUnnamed ? { ...tags, immutable: [] } : tags,
    labels: ociLabels({ version, revision, source, createdAt, buildId, inputsId }),
    buildArguments: Object.fromEntries(
      Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== null),
    ),
  };
}
