/** All checks of `tideline doctor`, in the order of the report. */
import type { Check } from "./check.js";
import { configValid } from "./checks/config-valid.js";
import { cancelInProgress, deployConcurrency } from "./checks/deploy-concurrency.js";
import { gitAnswers } from "./checks/git-answers.js";
import { idToken } from "./checks/id-token.js";
import { imageGit } from "./checks/image-git.js";
import { jwtIdentity } from "./checks/jwt-identity.js";
import { latestImage } from "./checks/latest-image.js";
import { ledgerFunctions } from "./checks/ledger-functions.js";
import { ledgerReached } from "./checks/ledger-reached.js";
import { namedEnvironment } from "./checks/named-environment.js";
import { pinnedActions } from "./checks/pinned-actions.js";
import { publicSecret } from "./checks/public-secret.js";
import { agreeingReplicas, freshPages } from "./checks/published-pages.js";
import { recordCredential } from "./checks/record-credential.js";
import { selectorLabel } from "./checks/selector-label.js";
import { shallowCount } from "./checks/shallow-count.js";
import { latestCommand, localTime, shortSha } from "./checks/shell-rules.js";
import { skippedTag } from "./checks/skipped-tag.js";
import { untrustedRecord } from "./checks/untrusted-record.js";
import { versionFile } from "./checks/version-file.js";
import { workflowsReadable } from "./checks/workflows-readable.js";

/** All checks. */
export const CHECKS: readonly Check[] = [
  ...[gitAnswers, configValid, versionFile, shallowCount, skippedTag, localTime, shortSha],
  ...[workflowsReadable, pinnedActions, idToken, untrustedRecord, deployConcurrency],
  ...[cancelInProgress, namedEnvironment, publicSecret, imageGit, selectorLabel, latestImage],
  ...[latestCommand, ledgerFunctions, jwtIdentity, recordCredential],
  ...[freshPages, agreeingReplicas, ledgerReached],
];
