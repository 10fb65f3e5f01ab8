import { EXIT_CODES } from "../command.js";
import { CommandError } from "../command-error.js";
import type { ServiceConfig, TidelineConfig } from "../config/config.js";
import { requireConfig } from "../config/load-config.js";
import type { GivenOptions } from "../parse-command-line.js";
import type { Outcome, Terminal } from "../terminal.js";
import { buildIds } from "./build-ids.js";
import { describeImage, imageName, type ServiceImage } from "./describe-image.js";
import { formatArgs } from "./format-args.js";
import { runPush } from "./push/run-push.js";
import { readEnvironment, requireImage, requireService } from "./require-image.js";
import { sourceFacts } from "./source-facts.js";

/** `tideline images`, with its form `tideline images push`. */
export async function runImages(given: GivenOptions, terminal: Terminal): Promise<Outcome> {
  const [first, ...rest] = given.texts("service");
  if (first === "push") return await runPush(rest, given, terminal);
  for (const option of PUSH_ONLY) {
    if (!given.has(option) && given.text(option) === undefined) continue;
    throw new CommandError(
      "usage",
      `Cannot use --${option}: expected "push" before the service, as in tideline images push <service> --${option}`,
    );
  }
  return await showImages(first === undefined ? [] : [first, ...rest], given, terminal);
}

const PUSH_ONLY = [
  ...["source", "digest", "plan", "force-latest", "insecure-registry", "dry-run"],
] as const;

async function showImages(
  names: readonly string[],
  given: GivenOptions,
  { cwd, env, log }: Terminal,
): Promise<Outcome> {
  const config = await requireConfig(cwd, "show images");
  const form = readForm(given.text("format"), names);
  const environment = readEnvironment(config, given.text("environment"));
  const services = chooseServices(config, names);
  const { facts, warnings } = await sourceFacts(config, env, { version: given.text("version") });
  for (const warning of warnings) log(warning);
  const found = await buildIds(config, services, env, facts);
  for (const warning of found.warnings) log(warning);
  const images = services.map((service) =>
    describeImage(service, requireImage(config, service), facts, found.idsOf(service.name)),
  );
  const json = { environment, version: facts.version, commit: facts.commit, images };
  return { exitCode: EXIT_CODES.done, text: FORMS[form](images), json };
}

const FORMS = {
  table: (images: readonly ServiceImage[]) => images.map(describe).join("\n\n"),
  args: (images: readonly ServiceImage[]) => images.flatMap(formatArgs).join("\n"),
} as const;

function readForm(text: string | undefined, names: readonly string[]): keyof typeof FORMS {
  if (text === undefined) return "table";
  if (text !== "args") {
    throw new CommandError("usage", `Cannot use --format: expected "args", got "${text}"`);
  }
  if (names.length === 1) return text;
  throw new CommandError(
    "usage",
    `Cannot print the arguments of a build: expected one service, got ${names.length === 0 ? "none" : `"${names.join(" ")}"`}`,
  );
}

function chooseServices(config: TidelineConfig, names: readonly string[]): ServiceConfig[] {
  if (names.length === 0) {
    return [...config.services.values()].filter((service) => imageName(config, service) !== null);
  }
  return names.map((name) => requireService(config, name));
}

function describe({ service, image, tags, labels, buildArguments }: ServiceImage): string {
  const pairs = (values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([name, value]) => `    ${name}=${value}`);
  return [
    `${service}: ${image}`,
    `  tags ${tags.immutable.join(", ") || "none, for no commit holds all of it"}; moving ${tags.moving}`,
    "  labels",
    ...pairs(labels),
    "  build arguments",
    ...pairs(buildArguments),
  ].join("\n");
}
