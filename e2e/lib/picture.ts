import { mkdirSync } from "node:fs";
import type { Page } from "playwright-core";

/** Saves a picture of the page for a person to look at, in the folder `POSTHORN_TEST_PICTURES`; without one, does nothing. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["POSTHORN_TEST_PICTURES"];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}
