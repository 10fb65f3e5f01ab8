/** One regular file of a package. */
export interface PackageMember {
  /** ASCII, without a folder. */
  readonly name: string;
  /** Permission bits. */
  readonly mode: number;
  readonly bytes: Buffer;
}
