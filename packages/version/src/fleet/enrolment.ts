/** What a machine signs when it joins, so that nobody else moves it who only knows its public key. */
export interface Enrolment {
  /** Raw Ed25519, 32 bytes in base64. */
  readonly publicKey: string;
  readonly name: string;
  readonly channel: string;
  readonly platform: string;
  /** ms since epoch, by the machine's clock; an older one than the ledger has taken is refused. */
  readonly signedAt: number;
}

/** Gives the text that an enrolment's signature covers. */
export function enrolmentText({ publicKey, name, channel, platform, signedAt }: Enrolment): string {
  // A line break can be in none of them, so that no two enrolments have the same text.
  return `tideline-enrol\n${publicKey}\n${channel}\n${platform}\n${signedAt}\n${name}`;
}
