/** Accessibility checks of the page that a tab shows. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type axe from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** Sets `axe` in a page. */
const SCRIPT = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Part of a violation that the tests print. */
type Violation = Pick<axe.Result, "id"> & {
  readonly nodes: readonly Pick<axe.Result["nodes"][number], "html" | "target" | "failureSummary">[];
};

/** All rules except the one for contrast have the same result in both themes. */
const RULES = {
  light: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"] },
  dark: { type: "rule", values: ["color-contrast"] },
} as const;

/** Violations of the WCAG and of best practices on the page, one sentence each, in the theme that the page shows. */
export async function axeFaults(page: Page, theme: keyof typeof RULES): Promise<readonly string[]> {
  const { type, values } = RULES[theme];
  return (await violationsOn(page, { runOnly: { type, values: [...values] } }))
    .filter(isFault)
    .map(({ id, nodes }) => `${id} at ${nodes[0]!.target.join(" ")}: ${nodes[0]!.failureSummary ?? ""}`);
}

interface Scope {
  /** Which rules are checked; absent: all of them. */
  readonly runOnly?: { type: "tag" | "rule"; values: string[] };
  /** Selector of the part of the page that is checked; absent: the whole page. */
  readonly within?: string | undefined;
}

async function violationsOn(page: Page, { runOnly, within }: Scope = {}): Promise<readonly Violation[]> {
  await painted(page);
  // Once per document: its functions are compiled on the first pages of a test, and are then fast.
  if (!(await page.evaluate(() => Reflect.has(globalThis, "axe")))) await page.evaluate(SCRIPT);
  const options: axe.RunOptions = { ...(runOnly === undefined ? {} : { runOnly }), resultTypes: ["violations"] };
  return page.evaluate(violationsIn, { options, within });
}

/** Runs in the page. */
async function violationsIn(asked: {
  readonly options: axe.RunOptions;
  readonly within: string | undefined;
}): Promise<readonly Violation[]> {
  const { run } = Reflect.get(globalThis, "axe") as typeof axe;
  const { violations } = await run(asked.within ?? document, asked.options);
  return violations.map(({ id, nodes }) => ({
    id,
    nodes: nodes.map(({ html, target, failureSummary = "" }) => ({ html, target, failureSummary })),
  }));
}

/** Resolves once the page shows the colours of its theme, which may have just changed. */
async function painted(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let frame = 0; frame < 2; frame++) await new Promise((resolve) => void requestAnimationFrame(resolve));
    const transitions = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
    await Promise.allSettled(transitions.map(({ finished }) => finished));
  });
}

/**
 * The list of a combobox belongs to its input and a menu to its button: neither is part of a landmark. The component library puts an element
 * before and after a menu that passes the focus on at once, and is never where the reader is.
 */
function isFault({ id, nodes }: Violation): boolean {
  if (id === "region") return nodes.some(({ html }) => !/role="(?:listbox|menu)"/.test(html));
  return id !== "aria-hidden-focus" || nodes.some(({ html }) => !html.includes("data-base-ui-focus-guard"));
}

/** Fails if the page violates any rule, best practices included, in the theme that it shows. */
export async function expectAccessible(page: Page): Promise<void> {
  const violations = await violationsOn(page);
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
}

/** The rules that the page, or the part of it with this selector, violates, best practices included, in the theme that it shows. */
export async function violatedRules(page: Page, within?: string): Promise<readonly string[]> {
  return (await violationsOn(page, { within })).map(({ id }) => id);
}
