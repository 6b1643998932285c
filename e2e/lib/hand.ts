/** Tasks of users in a browser, with the clicks and keys that they take. */
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { goTo } from "./go-to.ts";

/** A user of a page. Clicks and keys are counted; text that is typed into a field is not. */
export class Hand {
  readonly page: Page;
  #clicks = 0;

  constructor(page: Page) {
    this.page = page;
  }

  get clicks(): number {
    return this.#clicks;
  }

  /** @param target An element, or the text of a link or a button. */
  async click(target: Locator | string | RegExp): Promise<void> {
    this.#clicks++;
    await this.#find(target).click();
  }

  async press(key: string): Promise<void> {
    this.#clicks++;
    await this.page.keyboard.press(key);
  }

  /** Chooses an option of a select by its label or value. */
  async choose(label: string, option: string): Promise<void> {
    this.#clicks++;
    await this.page.getByLabel(label, { exact: true }).last().selectOption(option);
  }

  async type(label: string | Locator, text: string): Promise<void> {
    await (typeof label === "string" ? this.page.getByLabel(label, { exact: true }).last() : label).fill(text);
  }

  /** Opens the search over everything, and the result that it selects for the text. */
  async find(text: string, result: RegExp): Promise<void> {
    await this.press("Control+k");
    await this.page.getByRole("combobox", { name: "Search" }).waitFor();
    await this.page.keyboard.type(text);
    await this.page.getByRole("option", { name: result, selected: true }).waitFor();
    await this.press("Enter");
  }

  async sees(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  /** Waits for the page with this title. */
  async arrives(title: string | RegExp): Promise<void> {
    await this.page.getByRole("heading", { level: 1, name: title }).waitFor();
  }

  #find(target: Locator | string | RegExp): Locator {
    if (typeof target !== "string" && !(target instanceof RegExp)) return target;
    const name = typeof target === "string" ? { name: target, exact: true } : { name: target };
    return this.page.getByRole("button", name).or(this.page.getByRole("link", name)).first();
  }
}

/**
 * A task that starts at the first page.
 *
 * @param open The page of the user, which all tasks of a file share.
 * @param most Clicks and keys that the task may take.
 */
export async function task(open: () => Promise<Page>, most: number, run: (hand: Hand) => Promise<void>): Promise<void> {
  const hand = new Hand(await open());
  await run(hand);
  expect(hand.clicks).toBeLessThanOrEqual(most);
}

/** Opens a page once, and its first view for each task. */
export function sharedPage(make: () => Promise<Page>, path: string): () => Promise<Page> {
  let page: Page | undefined;
  return async () => {
    page ??= await make();
    await goTo(page, path);
    return page;
  };
}
