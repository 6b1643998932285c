import { mkdirSync } from "node:fs";
import type { Page } from "playwright-core";

/** Saves a screenshot of the page for visual review in the folder `POSTHORN_TEST_PICTURES`; does nothing if that is not set. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["POSTHORN_TEST_PICTURES"];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}
