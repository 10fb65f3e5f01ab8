import type { Publication } from "../../publish/publish-request.js";
import type { Outcome } from "../terminal.js";

/** Says what was published, or would be. */
export function describePublication(
  { subsystem, seq, version, tag, page, manifest, isNew, ledger }: Publication,
  { isDryRun, tried }: { readonly isDryRun: boolean; readonly tried: readonly string[] },
): Outcome {
  const { artifacts, updateClass, reverts, revoked, expiresAt } = manifest;
  const files = Object.entries(artifacts).map(([platform, { size, sha256, binary, urls }]) => ({
    ...{ platform, size, sha256, binarySha256: binary.sha256, url: urls[0] ?? null },
    wasRun: tried.includes(platform),
  }));
  const told =
    ledger === null
      ? "no ledger was told"
      : ledger.ok
        ? `the ledger says ${ledger.mode}`
        : ledger.code;
  const what = `${subsystem} ${version} as release ${seq} (${updateClass}${reverts === null ? "" : `, back to release ${reverts}`})`;
  const head = isDryRun
    ? isNew
      ? `Would publish ${what}`
      : `${what} is published already`
    : isNew
      ? `Published ${what}; ${told}`
      : `${what} was published already; ${told}`;
  const lines = files.map(
    ({ platform, binarySha256, wasRun }) =>
      `  ${platform}: ${binarySha256}${wasRun ? "" : ", not run here"}`,
  );
  return {
    text: [head, ...lines, ...(page === null ? [] : [`  ${page}`])].join("\n"),
    json: {
      ...{ subsystem, seq, version, tag, page, isNew, isDryRun, updateClass, reverts, revoked },
      ...{ expiresAt: new Date(expiresAt).toISOString(), files },
      ledger: ledger?.ok === true ? { mode: ledger.mode, generation: ledger.generation } : null,
    },
  };
}
