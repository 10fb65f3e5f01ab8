import type {
  FleetRollout,
  FleetTarget,
  ReleaseManifest,
  SignedRelease,
} from "@tideline/version/fleet";
import { platformKey } from "@tideline/version/fleet";
import { platformHere } from "../../../fleet/src/artifact/platform-here.js";
import { type ServiceProgramOptions, serviceProgram } from "../service-program/index.js";
import { rawArtifact, type SignedFleet } from "../signed-fleet.js";
import type { FileHost } from "./file-host.js";

/** A release that can be downloaded. */
export interface Published {
  readonly manifest: ReleaseManifest;
  readonly release: SignedRelease;
  readonly bytes: Buffer;
  /** Of the binary. */
  readonly sha256: string;
  /** As a ledger names it once it has reached every ring. */
  readonly target: FleetTarget;
  /** As a ledger names it on its way; settled is null unless told. */
  rollout(change: Partial<FleetRollout>, settled?: Published | null): FleetTarget;
}

/** Publishes releases of small services, signed by a fleet's keys and served by a host. */
export class ReleaseLine {
  readonly fleet: SignedFleet;
  readonly host: FileHost;
  #generation = 0;

  constructor(fleet: SignedFleet, host: FileHost) {
    this.fleet = fleet;
    this.host = host;
  }

  /** `version` defaults to `1.0.<seq>`; the variant to a good service. */
  publish(
    name: string,
    seq: number,
    options: Partial<ServiceProgramOptions> & { readonly change?: Partial<ReleaseManifest> } = {},
  ): Published {
    const { change = {}, version = `1.0.${seq}`, ...program } = options;
    const { bytes, sha256 } = serviceProgram({ ...program, name, version });
    const url = this.host.put(`/${name}-${seq}-${sha256.slice(0, 8)}`, bytes);
    const manifest = this.fleet.manifest({
      ...{ subsystem: name, seq, version },
      artifacts: { [platformKey(platformHere())]: rawArtifact(bytes, [url]) },
      ...change,
    });
    const release = this.fleet.sign(manifest);
    const named = { release, seq: manifest.seq, version: manifest.version };
    this.#generation += 1;
    const target: FleetTarget = {
      ...{ channel: "stable", subsystem: name, generation: this.#generation },
      ...{ settled: named, rollout: null },
    };
    return {
      ...{ manifest, release, bytes, sha256, target },
      rollout: (state, settled = null) => {
        this.#generation += 1;
        const rollout: FleetRollout = {
          ...named,
          ...{ mode: "running", openTo: 1, canaries: [], startedAt: 0, ring: 0 },
          ...state,
        };
        const generation = this.#generation;
        return { ...target, generation, settled: settled?.target.settled ?? null, rollout };
      },
    };
  }
}
