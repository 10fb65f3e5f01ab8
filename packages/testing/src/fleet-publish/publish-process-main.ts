/** The process of publish-process.ts. */
import {
  EMPTY_TRUST,
  makeSigner,
  parsePrivateKey,
  publishRelease,
  ReleaseHost,
} from "@tideline/fleet";
import { namedPackage } from "./publish-rig.js";

const { api, token, repository, trust, key, keyset, now, dieAt } = JSON.parse(
  process.env.PUBLISH_WORLD ?? "",
);
const world = {
  fetch,
  now: () => now as number,
  log: () => {},
  signal: new AbortController().signal,
};
const version = "2.10.25";
await publishRelease(
  {
    ...{ subsystem: "nats", upstream: null, isCritical: false, dataRollback: "safe" },
    ...{ minSync: null, revoked: [], notes: "", seq: null, isAgain: false },
    content: {
      ...{ kind: "packages", version },
      packages: [await namedPackage(version, `nats ${version}`)],
    },
  },
  {
    ...world,
    host: new ReleaseHost({ api, token, repository }, world),
    signer: makeSigner({
      ...{ trust, releaseKeys: [parsePrivateKey(key)], keyset },
      ...{ state: EMPTY_TRUST, now: world.now },
    }),
    ...{ ledger: null, publisher: "the build machine", seenSeq: 0 },
    atStep: async (step) => {
      if (step !== dieAt) return;
      process.kill(process.pid, "SIGKILL");
      // It takes a moment to arrive; nothing may happen in it.
      await new Promise(() => {});
    },
  },
);
