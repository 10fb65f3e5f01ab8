import { CommandError } from "../../command-error.js";
import { imagetools } from "./imagetools.js";
import type { RegistryTool } from "./registry-tool.js";
import { runTool, type ToolPlace } from "./run-tool.js";
import { skopeo } from "./skopeo.js";

/**
 * Gives skopeo if it is there, else docker buildx imagetools.
 *
 * @throws {CommandError} `usage`, if neither is there.
 */
export async function findRegistryTool(
  place: ToolPlace,
  options: { readonly isInsecure: boolean },
): Promise<RegistryTool> {
  if ((await runTool("skopeo", ["--version"], place)).ok) return skopeo(place, options);
  const buildx = await runTool("docker", ["buildx", "version"], place);
  if (buildx.ok) return imagetools(place, options);
  throw new CommandError(
    "usage",
    "Cannot reach a registry: expected skopeo 1.6 or newer, or docker with buildx, on the PATH; neither is there",
  );
}
