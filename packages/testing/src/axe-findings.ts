import axe from "axe-core";
import type { Page } from "playwright-core";

/** Gives what axe-core finds wrong with the whole of a page as it is now: `"<rule>: <what>: <element>"`. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(async () => {
    const { run } = Reflect.get(window, "axe") as typeof axe;
    return await run(document);
  });
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html }) => `${id}: ${help}: ${html}`),
  );
}
