/** A small repository with two services, a registry for their images and the built `tideline`. */
import { type BuiltCli, buildCli, type CliRun, runCli } from "../built-cli.js";
import { GIT_ENV, GitRig } from "../git-rig.js";
import { ImageBuilder } from "./image-builder.js";
import { LocalRegistry } from "./local-registry.js";

const DOCKERFILE = `FROM scratch
ARG VERSION
ARG GIT_SHA
ARG BUILD_ID
ENV VERSION=$VERSION GIT_SHA=$GIT_SHA BUILD_ID=$BUILD_ID
COPY . /app
`;

/** Two services with images: web, whose version is the version, and api. */
export class ShopRig {
  readonly git: GitRig;
  readonly registry: LocalRegistry;
  readonly builder: ImageBuilder;
  readonly cli: BuiltCli;
  /** What every run of the command line has in its environment. */
  readonly env: Record<string, string> = { ...GIT_ENV };

  private constructor(git: GitRig, registry: LocalRegistry, builder: ImageBuilder, cli: BuiltCli) {
    this.git = git;
    this.registry = registry;
    this.builder = builder;
    this.cli = cli;
  }

  /**
   * Makes it, with one commit.
   *
   * @param environments The configuration's environments.
   */
  static async create(environments: object = {}): Promise<ShopRig> {
    // What may fail comes first, and the process last: nobody would end it.
    const cli = await buildCli();
    const [git, builder] = await Promise.all([GitRig.create(), ImageBuilder.create()]);
    const registry = await LocalRegistry.start();
    const rig = new ShopRig(git, registry, builder, cli);
    await git.commit("The shop opens", {
      "tideline.config.json": JSON.stringify({
        registry: `${registry.host}/acme`,
        services: {
          web: { paths: ["apps/web/**"], image: "web", dockerfile: "apps/web/Dockerfile" },
          api: {
            paths: ["services/api/**"],
            image: "api",
            dockerfile: "services/api/Dockerfile",
            context: "services/api",
          },
        },
        environments,
      }),
      "version.json": JSON.stringify({ version: "4.20.5" }),
      "apps/web/Dockerfile": DOCKERFILE,
      "apps/web/index.html": "<h1>Shop</h1>",
      "services/api/Dockerfile": DOCKERFILE,
      "services/api/server.txt": "one",
    });
    return rig;
  }

  /** Runs `tideline` in the repository. */
  tideline(...args: readonly string[]): Promise<CliRun> {
    return runCli(this.cli, args, { cwd: this.git.folder, env: this.env });
  }

  /** Runs `tideline … --json`, and gives the exit code and what it printed. */
  async json<Shape>(...args: readonly string[]): Promise<{ code: number | null; json: Shape }> {
    const { code, stdout, stderr } = await this.tideline(...args, "--json");
    if (stdout.trim() === "") throw new Error(`tideline ${args.join(" ")} said: ${stderr}`);
    return { code, json: JSON.parse(stdout) as Shape };
  }

  /** Builds api's image from the working tree, with the times that `tideline images` says. */
  async buildApi(): Promise<string> {
    const { code, stdout, stderr } = await this.tideline("images", "api", "--format", "args");
    if (code !== 0) throw new Error(`tideline images said: ${stderr}`);
    const args = stdout.trim().split("\n");
    const times = args.find((word) => word.startsWith("--build-arg=SOURCE_DATE_EPOCH="));
    return await this.builder.build(`${this.git.folder}/services/api`, args, {
      timestamp: Number(times?.split("=")[2]),
    });
  }

  /** Where api's images are, as skopeo names it. */
  api(at: string): string {
    return `docker://${this.registry.host}/acme/api${at}`;
  }

  async dispose(): Promise<void> {
    await Promise.all([
      this.git.dispose(),
      this.registry.dispose(),
      this.builder.dispose(),
      this.cli.dispose(),
    ]);
  }
}
