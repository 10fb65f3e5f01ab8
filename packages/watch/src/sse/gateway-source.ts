import type { DeploymentQuery, DeploymentSource } from "../source.js";
import { followGateway } from "./follow-gateway.js";
import { PAGE_EVENTS } from "./share-stream.js";

/** What a gateway's source may be told. */
export interface GatewaySourceOptions {
  /** Called when the `EventSource` that this tab keeps is open, if it is the one that does. */
  readonly onOpen?: () => void;
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
  { onOpen }: GatewaySourceOptions = {},
): DeploymentSource {
  // Whole, because tabs that share a stream may have different paths.
  const base = () => new URL(url.replace(/\/?$/, "/"), document.baseURI).href;
  const follow = (query: DeploymentQuery) =>
    followGateway(base(), { buildId: "", ...query }, get, onOpen ?? null);

  sources[url] ??= {
    check: (query) => follow(query).check(),
    subscribe(query, onLatest, onError) {
      const onPage = follow(query).subscribe(query, onLatest, () =>
        onError(new Error(`Cannot follow deployments: expected a gateway at "${base()}"`)),
      );
      return () => {
        for (const type of PAGE_EVENTS) removeEventListener(type, onPage, true);
        onPage({ type: "pagehide" });
      };
    },
  };
  return sources[url];
}

async function get(url: string): Promise<string> {
  const response = await fetch(url, {
    // Browsers of before 2022 have no such limit.
    signal: AbortSignal.timeout?.(10_000),
  });
  if (response.status > 428) throw response;
  return response.text();
}
