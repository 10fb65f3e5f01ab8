/**
 * Two promises about documentation: every value that a package's door exports says what it gives,
 * and every link inside the repository leads somewhere.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import ts from "typescript";
import { REPOSITORY } from "./build-app.js";

/** Gives a sentence for every exported function, class or constant without a doc comment. */
export async function checkExports(root: string): Promise<string[]> {
  const doors = await findDoors(root);
  const program = ts.createProgram(doors, {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    customConditions: ["convex"],
    jsx: ts.JsxEmit.ReactJSX,
    skipLibCheck: true,
    types: [],
    noEmit: true,
  });
  const checker = program.getTypeChecker();
  const missing = new Set<string>();
  for (const door of doors) {
    const file = program.getSourceFile(door);
    const module = file && checker.getSymbolAtLocation(file);
    for (const exported of module ? checker.getExportsOfModule(module) : []) {
      const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
      const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
      const declaration = symbol.declarations?.[0];
      if ((symbol.flags & ts.SymbolFlags.Value) === 0 || declaration === undefined) continue;
      const text = ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();
      if (/\w{2,}.*\w/.test(text)) continue;
      const source = declaration.getSourceFile();
      const { line } = source.getLineAndCharacterOfPosition(declaration.getStart());
      const place = `${relative(root, source.fileName)}:${line + 1}`;
      missing.add(`${place}: "${exported.name}" has no doc comment that says what it gives`);
    }
  }
  return [...missing];
}

/** The source of every entry of every public package's exports. */
async function findDoors(root: string): Promise<string[]> {
  const doors: string[] = [];
  for (const name of await readdir(join(root, "packages"))) {
    const folder = join(root, "packages", name);
    const text = await readFile(join(folder, "package.json"), "utf8").catch(() => null);
    if (text === null) continue;
    const manifest = JSON.parse(text) as {
      readonly private?: boolean;
      readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
    };
    if (manifest.private) continue;
    for (const entry of Object.values(manifest.exports ?? {})) {
      const source = typeof entry === "string" ? undefined : entry.convex;
      if (source !== undefined) doors.push(join(folder, source));
    }
  }
  return doors;
}

/** Gives a sentence for every link of a Markdown file that leads to no file or no heading. */
export async function checkLinks(root: string, files: readonly string[]): Promise<string[]> {
  const broken: string[] = [];
  for (const file of files) {
    const path = join(root, file);
    const text = withoutCode(await readFile(path, "utf8"));
    for (const [, link = ""] of text.matchAll(/\]\(([^()\s]+)\)/g)) {
      if (/^[a-z][a-z+.-]*:/i.test(link)) continue;
      const [target = "", anchor] = link.split("#");
      const to = target === "" ? path : resolve(dirname(path), decodeURIComponent(target));
      if (!existsSync(to)) {
        broken.push(`${file}: the link "${link}" leads to no file`);
      } else if (anchor !== undefined && to.endsWith(".md") && !(await hasHeading(to, anchor))) {
        broken.push(`${file}: the link "${link}" leads to no heading`);
      }
    }
  }
  return broken;
}

async function hasHeading(path: string, anchor: string): Promise<boolean> {
  const text = withoutCode(await readFile(path, "utf8"));
  const headings = [...text.matchAll(/^#+\s+(.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-"),
  );
  return headings.includes(anchor);
}

function withoutCode(markdown: string): string {
  return markdown.replace(/^```.*?^```/gms, "").replace(/`[^`\n]*`/g, "");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const listed = await promisify(execFile)(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
    { cwd: REPOSITORY },
  );
  const files = listed.stdout.split("\n").filter((file) => file !== "");
  const problems = [...(await checkExports(REPOSITORY)), ...(await checkLinks(REPOSITORY, files))];
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}
