/** All checks of `tideline doctor sse`, in the order of the report; the slow ones are last. */
import type { Check } from "../check.js";
import { allowedOrigin } from "./checks/allowed-origin.js";
import { countedClients } from "./checks/counted-clients.js";
import { firstEventPrompt } from "./checks/first-event.js";
import { httpVersion } from "./checks/http-version.js";
import { readablePage } from "./checks/readable-page.js";
import { resumes } from "./checks/resumes.js";
import { spreadRetries } from "./checks/spread-retries.js";
import { sseHeaders } from "./checks/sse-headers.js";
import { steadyBeat } from "./checks/steady-beat.js";
import { streamAnswers } from "./checks/stream-answers.js";
import { unbuffered } from "./checks/unbuffered.js";
import { uncompressed } from "./checks/uncompressed.js";
import { versionAnswer } from "./checks/version-answer.js";
import type { Visit } from "./visit.js";

/** All checks. */
export const SSE_CHECKS: readonly Check<Visit>[] = [
  ...[readablePage, streamAnswers, sseHeaders, firstEventPrompt, uncompressed, httpVersion],
  ...[versionAnswer, allowedOrigin, countedClients, resumes, spreadRetries],
  // The beat is waited for; what came meanwhile tells of bursts.
  ...[steadyBeat, unbuffered],
];
