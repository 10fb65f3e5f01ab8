/**
 * The build that the three apps share (`appConfig`, used by each app's own vite.config.ts), and
 * the Vitest projects.
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { PluginOption, UserConfig } from "vite";
import { defaultClientConditions, defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

// The workspace's packages name their sources under this condition; see their package.json.
const SOURCE_CONDITION = "convex";

/**
 * The Vite configuration of one of the apps in this repository.
 *
 * @param appName The app's folder under `apps/`.
 * @param stampPlugin `tideline()`; handed in, so that the tests' configuration does without it.
 */
export async function appConfig(
  appName: "admin" | "web" | "marketing",
  stampPlugin: PluginOption,
): Promise<UserConfig> {
  const { default: tailwindcss } = await import("@tailwindcss/vite");
  // Not for marketing: it is plain HTML, and its policy admits no inline script.
  const react = appName === "marketing" ? null : (await import("@vitejs/plugin-react")).default();
  return {
    root: fileURLToPath(new URL(`apps/${appName}`, import.meta.url)),
    plugins: [react, tailwindcss(), stampPlugin],
    resolve: { conditions: [SOURCE_CONDITION, ...defaultClientConditions] },
  };
}

const resolve = { conditions: [SOURCE_CONDITION, ...defaultClientConditions] };
const ssr = { resolve: { conditions: [SOURCE_CONDITION, ...defaultServerConditions] } };

export default defineConfig({
  resolve,
  ssr,
  test: {
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: "unit",
          include: ["{packages,apps}/*/src/**/*.test.{ts,tsx}", "scripts/**/*.test.ts"],
          exclude: ["**/*.browser.test.ts", "**/node_modules/**", "**/dist/**"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // Vitest would take one core less than there are: of two, one. Most of these tests wait
          // for processes, so two files at once finish in little more than half the time.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          sequence: { groupOrder: 0 },
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "browser",
          include: ["packages/*/src/**/*.browser.test.ts"],
          // One Chromium at a time: the tests measure what a user sees, not a busy machine.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
