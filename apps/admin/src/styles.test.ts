/** The apps share no folder, so a test keeps what they have in common from drifting apart. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const APPS = ["admin", "web", "marketing"];

const textOf = (path: string) =>
  readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");

test("a token that several apps have is the same in all", async () => {
  const values = new Map<string, Set<string>>();
  for (const app of APPS) {
    const styles = await textOf(`${app}/src/styles.css`);
    for (const [, name = "", value = ""] of styles.matchAll(/^\s*(--[\w-]+):([^;]+);/gm)) {
      values.set(name, (values.get(name) ?? new Set()).add(value.trim()));
    }
  }
  expect(values.size).toBeGreaterThan(10);
  expect([...values].filter(([, different]) => different.size > 1)).toEqual([]);
});

test("the theme toggles of admin and web differ in where they keep the choice and in size", async () => {
  const [admin, web] = await Promise.all([
    textOf("admin/src/shell/theme-toggle.tsx"),
    textOf("web/src/theme-toggle.tsx"),
  ]);
  const common = (text: string) =>
    text.replace(/^const KEY = .*$/m, "").replace(/size=\{\d+\}/, "");
  expect(common(admin)).toBe(common(web));
});

test.each([
  ["admin/index.html", "admin/src/shell/theme-toggle.tsx"],
  ["web/index.html", "web/src/theme-toggle.tsx"],
  ["marketing/public/theme.js", "marketing/src/theme-toggle.ts"],
])("%s reads the theme before the first paint where its toggle keeps it", async (early, path) => {
  const key = /^const KEY = (".*");$/m.exec(await textOf(path))?.[1];
  expect(await textOf(early)).toContain(`localStorage.getItem(${key})`);
});

test("marketing runs its theme's file before the first paint, and nothing that its policy forbids", async () => {
  const page = await textOf("marketing/index.html");
  expect(page).toMatch(/<script vite-ignore src="\/theme\.js"><\/script>/);
  expect(page).not.toMatch(/<style|\sstyle="|<script>|\son\w+="/);
});
