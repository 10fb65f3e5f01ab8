import type { DeploymentQuery, DeploymentSource } from "../source.js";
import { shareStream } from "./share-stream.js";

/** What a gateway's source may be told. */
export interface GatewaySourceOptions {
  /**
   * Called with every `open` and `error` event of the `EventSource` that this tab keeps, if it is
   * the one that does. @default silent
   */
  readonly onStreamEvent?: (event: Event) => void;
}

const sources: Record<string, DeploymentSource> = {};

/**
 * Gives a source over a gateway: one stream of server-sent events for each browser and target,
 * which the tabs share, and questions to `/version` where there is no stream to be had. For
 * browsers; may be called on a server, where nobody subscribes.
 *
 * @param url Where the gateway is mounted: `https://gateway.example`, or a path such as `/tideline`;
 *   "" for this page's own origin.
 * @returns The same source for the same address, with the options of the first call.
 */
export function gatewaySource(
  url: string,
  { onStreamEvent }: GatewaySourceOptions = {},
): DeploymentSource {
  const address = (path: string, query: DeploymentQuery) =>
    `${url.replace(/\/$/, "")}/${path}?${new URLSearchParams({ ...query })}`;

  const ask = async (query: DeploymentQuery): Promise<string> => {
    const response = await fetch(address("version", query), {
      // Browsers of before 2022 have no such limit.
      signal: AbortSignal.timeout?.(10_000),
    });
    if (response.status > 428) throw response;
    return response.text();
  };

  const check = async (query: DeploymentQuery) => {
    const { latest, stale } = JSON.parse(await ask(query));
    return stale ? undefined : latest;
  };

  sources[url] ??= {
    check,
    subscribe(query, onLatest, onError) {
      const { appName, environment, buildId } = query;
      let heard = "";
      let epoch = -1;

      const hear = async (text: string) => {
        // The gateway repeats itself every 30 s.
        if (text === heard) return;
        heard = text;
        try {
          const message = JSON.parse(text);
          let { latest } = message;
          if (message.type !== "version" || (latest && !(latest.epoch >= 0))) throw message;
          // Without its ledger a gateway may know less than this page does.
          if (message.stale && !(latest?.epoch > epoch)) return;
          epoch = latest?.epoch ?? -1;
          if (latest && buildId && ![message.buildId, latest.buildId].includes(buildId)) {
            // It speaks of the build of the tab that keeps the stream.
            const found = await check(query).catch(() => null);
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
          onError(
            new Error(
              `Cannot follow deployments: expected a version from "${address("version", query)}"`,
            ),
          );
        }
      };

      return shareStream({
        // Whole, because tabs that share it may have different paths.
        name: `tideline:${new URL(url, document.baseURI)}:${appName}:${environment}`,
        eventsUrl: address("events/version", query),
        ask: () => ask(query),
        hear,
        onStreamEvent,
      });
    },
  };
  return sources[url];
}
