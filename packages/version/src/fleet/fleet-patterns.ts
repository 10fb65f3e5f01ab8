/** The spellings that signed texts may hold. All are plain ASCII: a look-alike letter is none. */

/** Ed25519 public key: 32 bytes in base64, in their one spelling (the last two bits are zero). */
export const PUBLIC_KEY = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** Ed25519 signature: 64 bytes in base64, in their one spelling. */
export const SIGNATURE_VALUE = /^[A-Za-z0-9+/]{85}[AQgw]==$/;

/** First half of the sha256 of a raw public key, in hex. */
export const KEY_ID = /^[0-9a-f]{16}$/;

/** As lower-case hex. */
export const SHA256 = /^[0-9a-f]{64}$/;

/** A git commit. */
export const OID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Also the name of files and of an environment variable; `constructor` is a property of every object. */
export const SUBSYSTEM = /^(?!constructor$)[a-z0-9][a-z0-9._-]{0,63}$/;

/** Also part of file names and tags. */
export const VERSION = /^[0-9A-Za-z][0-9A-Za-z.+_~-]{0,127}$/;

/** As git allows it, without what nobody needs. */
export const TAG = /^(?!.*(?:\.\.|\/\/|@\{|\.lock$|\/$|\.$))[A-Za-z0-9][\w./@+-]{0,254}$/;

/** `https:`, or `http:` on this machine; no user, no password, no fragment, at most 2,048 characters. */
export const ADDRESS =
  /^(?=.{1,2048}$)(?:https:\/\/[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|http:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]))(?::\d{1,5})?(?:\/[A-Za-z0-9\-._~!$&'()*+,;=:@/%?]*)?$/;

/** What {@link platformKey} gives. */
export const PLATFORM =
  /^(?:linux-(?:x64|arm64|arm|ia32|riscv64|ppc64|s390x)-(?:glibc|musl)|(?:darwin|windows)-(?:x64|arm64|arm|ia32|riscv64|ppc64|s390x))$/;

/** Relative, of plain names; `..` and backslashes are none. */
export const MEMBER =
  /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[A-Za-z0-9._+~@-]+(?:\/[A-Za-z0-9._+~@-]+){0,15}$/;
