/** Accessibility checks of the page that a tab shows. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** All rules of the WCAG but that of contrast have the same result in both themes. */
const RULES = {
  light: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] },
  dark: { type: "rule", values: ["color-contrast"] },
} as const;

/** Violations of the WCAG on the page, one sentence each, in the theme that the page shows. */
export async function axeFaults(page: Page, theme: keyof typeof RULES): Promise<readonly string[]> {
  const { type, values } = RULES[theme];
  // The legacy mode opens no second tab for the result, which only frames of other origins need.
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const options = { runOnly: { type, values: [...values] }, resultTypes: ["violations" as const] };
  const { violations } = await axe.options(options).analyze();
  return violations.map(({ id, nodes }) => `${id} at ${nodes[0]!.target.join(" ")}: ${nodes[0]!.failureSummary ?? ""}`);
}

/** Fails if the page violates any rule, best practices included, in the theme that it shows. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
}
