import type { AddCommand } from "./add-command.js";
import { addGenerate } from "./keys/generate.js";
import { addInspect } from "./keys/inspect.js";
import { addShow } from "./keys/show.js";
import { addSignKeyset } from "./keys/sign-keyset.js";

/** `tideline-sync keys …`: the ceremony of the fleet's keys. Nothing of it needs a network. */
export const addKeys: AddCommand = (program, terminal) => {
  const keys = program
    .command("keys")
    .description("Make the fleet's keys, and say which of them may sign releases");
  for (const addTo of [addGenerate, addShow, addSignKeyset, addInspect]) addTo(keys, terminal);
};
