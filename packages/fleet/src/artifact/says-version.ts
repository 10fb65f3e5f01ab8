/**
 * Says whether a program's output names a version: as a whole, so that 2.10.25 does not name 2.10.2,
 * nor 2.10.24-rc.1 name 2.10.24. A leading v counts on neither side.
 *
 * @example
 * saysVersion("nats-server: v2.10.24", "2.10.24") // true
 */
export function saysVersion(output: string, version: string): boolean {
  const plain = version.replace(/^v(?=\d)/i, "");
  const whole = new RegExp(
    `(?<![0-9]|[0-9][.])${escapeForRegExp(plain)}(?![0-9A-Za-z]|[.-][0-9A-Za-z])`,
  );
  return whole.test(output);
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
