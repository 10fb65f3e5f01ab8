/**
 * What this package needs of WebCrypto, which Node, browsers and Convex have alike. Declared here
 * rather than taken from a library of types, so that nothing else of the DOM slips in.
 */

/** Bytes that WebCrypto takes. */
export type Bytes = Uint8Array<ArrayBuffer>;

interface HmacAlgorithm {
  readonly name: "HMAC";
  readonly hash: "SHA-256";
}

interface Platform {
  readonly crypto: {
    readonly subtle: {
      digest(algorithm: "SHA-256", data: Bytes): Promise<ArrayBuffer>;
      importKey(
        format: "raw",
        key: Bytes,
        algorithm: HmacAlgorithm,
        isExtractable: boolean,
        usages: readonly ["verify"],
      ): Promise<object>;
      verify(algorithm: "HMAC", key: object, signature: Bytes, data: Bytes): Promise<boolean>;
    };
  };
  readonly TextEncoder: new () => { encode(text: string): Bytes };
}

/** The platform's own, looked up at each use: a Convex function gets its globals late. */
export function webCrypto(): Platform["crypto"]["subtle"] {
  return (globalThis as unknown as Platform).crypto.subtle;
}

/** A text in UTF-8. */
export function utf8(text: string): Bytes {
  return new (globalThis as unknown as Platform).TextEncoder().encode(text);
}
