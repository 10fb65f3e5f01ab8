/** What is known of an image when it is labelled; null where it is not. */
export interface LabelFacts {
  readonly version: string;
  /** The full SHA, with `-dirty` where no commit holds all of it. */
  readonly revision: string | null;
  /** Where its sources are, for people. */
  readonly source: string | null;
  /** ms since epoch. */
  readonly createdAt: number;
  readonly buildId: string | null;
  readonly inputsId: string | null;
}

/**
 * Gives an image's labels, in the order of their names. Nothing in them comes from the clock of the
 * machine that builds, so the same inputs give the same image.
 *
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.0/annotations.md
 */
export function ociLabels(facts: LabelFacts): Readonly<Record<string, string>> {
  const labels = {
    "dev.tideline.build-id": facts.buildId,
    "dev.tideline.inputs-id": facts.inputsId,
    "org.opencontainers.image.created": new Date(facts.createdAt)
      .toISOString()
      .replace(".000Z", "Z"),
    "org.opencontainers.image.revision": facts.revision,
    "org.opencontainers.image.source": facts.source,
    "org.opencontainers.image.version": facts.version,
  };
  return Object.fromEntries(
    Object.entries(labels).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}
