import { CommandError } from "../command-error.js";

/**
 * Gives a version as the value of a Kubernetes label. It cannot hold the `+` of a version, which
 * becomes `_`, as in an image's tag.
 *
 * @throws {CommandError} `usage`, if it is no such value all the same; a shortened one would name
 *   another version.
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
 */
export function labelValue(version: string): string {
  const value = version.replaceAll("+", "_");
  if (value.length <= 63 && /^[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?$/.test(value)) return value;
  throw new CommandError(
    "usage",
    `Cannot label with the version: expected 1 to 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends, got "${version}"`,
  );
}
