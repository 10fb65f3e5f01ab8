import type { LatestDeployment } from "@tideline/version";
import type { DeploymentQuery } from "../source.js";
import { shareStream } from "./share-stream.js";

/**
 * The least that a page needs of a gateway: `gatewaySource` without its defaults, for one query.
 *
 * @param base Where the gateway is mounted, absolute and with a slash at its end.
 * @param get Gives the text behind an address; rejects, or gives none, when there is no answer worth
 *   reading.
 * @param onOpen Called when this tab's own stream is open.
 */
export function followGateway(
  base: string,
  query: Required<DeploymentQuery>,
  get: (url: string) => Promise<string>,
  onOpen: (() => void) | null,
) {
  const path = `version?${new URLSearchParams(query as unknown as Record<string, string>)}`;
  const ask = () => get(base + path);

  const check = async () => {
    const { latest, stale } = JSON.parse(await ask());
    if (stale) throw latest;
    return latest;
  };

  return {
    check,

    /**
     * @param onStrange Called when what was heard is no gateway's message.
     * @returns See `shareStream`.
     */
    subscribe(
      _query: unknown,
      onLatest: (latest: LatestDeployment | null) => void,
      onStrange?: () => void,
    ) {
      let heard = "";
      let epoch = -1;

      const hear = async (text: string) => {
        // The gateway repeats itself every 30 s.
        if (text === heard) return;
        heard = text;
        try {
          let { stale, buildId, latest } = JSON.parse(text);
          // Null where nothing is recorded, which counts as 0; undefined where there is no such thing.
          // biome-ignore lint/complexity/useOptionalChain: which makes them the same
          const heardEpoch = latest && latest.epoch;
          // Without its ledger a gateway may know less than this page does.
          if (stale && !(heardEpoch > epoch)) return;
          if (!(heardEpoch >= 0)) throw text;
          epoch = heardEpoch;
          if (latest && buildId !== query.buildId && latest.buildId !== query.buildId) {
            // It speaks of the build of the tab that keeps the stream.
            const found = await check().catch(() => {});
            if (text !== heard) return;
            if (found?.epoch >= epoch) latest = found;
            else {
              // Another gateway may not have heard of it yet: this one's next beat asks again.
              heard = "";
              latest = { ...latest, clientBuild: { state: "unknown" } };
            }
          }
          onLatest(latest);
        } catch {
          heard = "";
          onStrange?.();
        }
      };

      return shareStream(
        `tideline:${base}:${query.appName}:${query.environment}`,
        `${base}events/${path}`,
        ask,
        hear,
        onOpen,
      );
    },
  };
}
