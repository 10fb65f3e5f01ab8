/** A name and a password that an address held, as the header that says them. */
export interface Credentials {
  /** The only one that they are for. */
  readonly origin: string;
  readonly authorization: string;
}

/** Gives the header for an address of the origin that it is meant for; none for any other. */
export function credentialsFor(
  url: string,
  credentials: Credentials | null,
): { readonly authorization?: string } {
  return credentials?.origin === new URL(url).origin
    ? { authorization: credentials.authorization }
    : {};
}
