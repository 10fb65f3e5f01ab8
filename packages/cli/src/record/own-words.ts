const OPTIONS: Readonly<Record<string, string>> = {
  allowRollback: "--allow-rollback",
  asOfEpoch: "--as-of-epoch",
  idempotencyKey: "--idempotency-key",
};

/**
 * Gives a sentence of the ledger, which names its arguments, with the names of this command's
 * options. What is in quotation marks stays as it is: it is somebody's version or note.
 */
export function inOwnWords(sentence: string): string {
  return sentence.replace(
    /"(?:[^"\\]|\\.)*"|\b(allowRollback|asOfEpoch|idempotencyKey)\b/g,
    (found, name: string | undefined) => (name === undefined ? found : (OPTIONS[name] ?? found)),
  );
}
