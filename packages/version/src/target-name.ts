/**
 * Says whether an application or an environment may be called so: 1 to 64 letters, digits, `.`,
 * `_` or `-`, beginning with a letter or digit. The ledger takes no other names.
 */
export function isTargetName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name);
}
