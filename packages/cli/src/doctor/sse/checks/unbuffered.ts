import { type Check, checked, type Finding, type Found, skipped } from "../../check.js";
import type { EventBlock } from "../event-blocks.js";
import type { OpenStream } from "../open-stream.js";
import { duration } from "../shown.js";
import { firstEvent } from "../version-event.js";
import { PROMPT_MS, type Visit } from "../visit.js";
import { isPage } from "../with-stream.js";

/**
 * Nothing in between gathers the stream. A proxy that does holds back the first bytes, often the
 * headers with them, though /version comes through it at once; or it keeps the headers until there
 * is an event, as nginx does with whole chunks; or it lets several messages go in one piece that
 * were sent many seconds apart.
 */
export const unbuffered: Check<Visit> = {
  name: "buffering",
  promise: "every message comes by itself",
  look: async (visit) => {
    const { stream, version, beatMs } = visit;
    const { opening, address: where } = stream;
    if (opening.kind === "unreachable") return skipped("there is no stream");
    if (opening.kind === "answered" && (opening.head.status !== 200 || isPage(opening.head))) {
      return skipped("there is no stream");
    }
    const held = heldBack(stream, visit.patienceMs);
    if (held !== null) {
      if (version.kind === "unreachable" || version.tookMs > PROMPT_MS) {
        return skipped(`${held}, and /version is no faster: not a sign of a proxy's buffer`);
      }
      const problem = `${held}, though /version took ${duration(version.tookMs)}: a proxy in between gathers the answer`;
      return found({ level: "fail", where, problem, fix: FIX });
    }
    const burst = burstOf(stream, beatMs ?? Number.POSITIVE_INFINITY);
    if (burst !== null) {
      const problem = `${burst.count} messages came in one burst after ${duration(burst.silenceMs)} of silence: a proxy in between gathers them`;
      return found({ level: "fail", where, problem, fix: FIX });
    }
    const late = await headKept(visit);
    if (late !== null) {
      const problem = `the headers came only with the first event, ${duration(late)} after the gateway had sent them: a proxy in between gathers the answer`;
      return found({ level: "fail", where, problem, fix: FIX });
    }
    if (firstEvent(stream) === null) return skipped("the answer ended without an event");
    if (beatMs === null) {
      return checked([], "nothing was held back; bursts are not looked for with --quick");
    }
    // Everything so far is the greeting: whether something is gathered is not to be seen.
    if (stream.blocks.every(({ afterMs }) => isGreeting(stream, afterMs, beatMs))) {
      const ended = stream.endedAfterMs;
      const why = ended === null ? "" : `, as the stream was cut off after ${duration(ended)}`;
      return skipped(`the greeting came at once, and no further message${why}`);
    }
    return checked([]);
  },
};

// Long enough that no network puts the two together by itself.
const PROBE_MS = 400;

const FIX =
  "proxy_buffering off in nginx's location of /events/version, and no proxy_ignore_headers X-Accel-Buffering (docs/nginx.md); elsewhere no buffering, compression or scanning of text/event-stream";

function found(finding: Finding): Found {
  return checked([finding]);
}

function heldBack(stream: OpenStream, patienceMs: number): string | null {
  const { opening } = stream;
  if (opening.kind === "silent") return `nothing came within ${duration(opening.waitedMs)}`;
  const afterMs = firstEvent(stream)?.afterMs;
  // An answer that ended held nothing back: the check first-event speaks of it.
  if (afterMs === undefined) {
    return stream.endedAfterMs === null ? `no event came within ${duration(patienceMs)}` : null;
  }
  return afterMs > PROMPT_MS ? `the first event came after ${duration(afterMs)}` : null;
}

/**
 * Asks for a stream whose head goes ahead of the first message, and says how long the head was kept;
 * null if it was not, or what answers does not know of such a wish.
 */
async function headKept({ open }: Visit): Promise<number | null> {
  const probed = await open({ probeMs: PROBE_MS });
  await probed.until(() => firstEvent(probed) !== null, PROMPT_MS + PROBE_MS);
  probed.close();
  const { opening } = probed;
  const event = firstEvent(probed);
  if (opening.kind !== "answered" || event === null) return null;
  if (opening.head.headers["tideline-probe"] !== `${PROBE_MS}`) return null;
  return event.afterMs - opening.head.afterMs < PROBE_MS / 4 ? PROBE_MS : null;
}

/** What comes with the first bytes, or soon after them. */
function isGreeting({ blocks }: OpenStream, afterMs: number, beatMs: number): boolean {
  return afterMs - (blocks[0]?.afterMs ?? 0) < beatMs / 10;
}

/**
 * Messages that arrived together, though a beat is between them. What tells something new is left
 * out: a change is sent when it happens, which may be beside a beat.
 */
function burstOf(
  stream: OpenStream,
  beatMs: number,
): { readonly count: number; readonly silenceMs: number } | null {
  const { blocks } = stream;
  const startMs = blocks[0]?.afterMs ?? 0;
  let said: string | null = null;
  let run: EventBlock[] = [];
  let lastMs = startMs;
  for (const block of blocks) {
    const isNews = block.event !== null && block.event.data !== said;
    if (block.event !== null) said = block.event.data;
    if (isNews || isGreeting(stream, block.afterMs, beatMs)) {
      lastMs = block.afterMs;
      run = [];
      continue;
    }
    const [first] = run;
    if (first !== undefined && block.afterMs - first.afterMs < beatMs / 100) {
      run.push(block);
      return { count: run.length, silenceMs: first.afterMs - lastMs };
    }
    if (first !== undefined) lastMs = first.afterMs;
    run = [block];
  }
  return null;
}
