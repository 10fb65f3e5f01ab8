import { CommandError } from "../command-error.js";
import type { ServiceImage } from "./describe-image.js";

/**
 * Gives the arguments of `docker build` and `buildah build` for one image, a word each: the option
 * and its value are one, so that a shell that reads them line by line cannot tear them apart.
 *
 * @throws {CommandError} `usage`, if a value holds a line break.
 */
export function formatArgs({ image, tags, labels, buildArguments }: ServiceImage): string[] {
  const words = [
    ...Object.entries(buildArguments).map(([name, value]) => `--build-arg=${name}=${value}`),
    ...Object.entries(labels).map(([name, value]) => `--label=${name}=${value}`),
    // `latest` is no business of a build: whoever pushes all tags would move it back.
    ...tags.immutable.map((tag) => `--tag=${image}:${tag}`),
  ];
  const broken = words.find((word) => /[\r\n\0]/.test(word));
  if (broken === undefined) return words;
  throw new CommandError(
    "usage",
    `Cannot print the arguments of a build: expected one line each, got ${JSON.stringify(broken)}`,
  );
}
