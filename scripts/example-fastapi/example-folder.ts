import { join } from "node:path";
import { REPOSITORY } from "../build-app.js";

/** The example's folder. */
export const EXAMPLE = join(REPOSITORY, "examples/fastapi");

/** The name under which its page is recorded. */
export const EXAMPLE_APP = "fastapi";
