/** Performs users' tasks in a browser, and counts the clicks and keys that they take. */
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
    await this.activate(this.#find(target));
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
    await this.fill(typeof label === "string" ? this.page.getByLabel(label, { exact: true }).last() : label, text);
  }

  /** Opens the command palette, types the text, and opens the selected result. */
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

  protected async activate(target: Locator): Promise<void> {
    await target.click();
  }

  protected async fill(target: Locator, text: string): Promise<void> {
    await target.fill(text);
  }

  #find(target: Locator | string | RegExp): Locator {
    if (typeof target !== "string" && !(target instanceof RegExp)) return target;
    const name = typeof target === "string" ? { name: target, exact: true } : { name: target };
    return this.page.getByRole("button", name).or(this.page.getByRole("link", name)).first();
  }
}

/** Maximum presses of Tab from one element to another. */
const MAX_TABS = 150;

/** A user without a mouse. Presses of Tab are not counted. */
class KeyboardHand extends Hand {
  protected override async activate(target: Locator): Promise<void> {
    await this.#tabTo(target);
    await this.page.keyboard.press("Enter");
  }

  protected override async fill(target: Locator, text: string): Promise<void> {
    await this.#tabTo(target);
    await this.page.keyboard.press("Control+a");
    await this.page.keyboard.type(text);
  }

  async #tabTo(target: Locator): Promise<void> {
    await target.waitFor();
    // An opened dialog takes the focus.
    await this.page.waitForFunction(
      () => document.querySelector('[role="dialog"], [role="alertdialog"]')?.contains(document.activeElement) ?? true,
    );
    for (let count = 0; count < MAX_TABS; count++) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`Tab does not reach ${String(target)}.`);
  }
}

type Run = (hand: Hand) => Promise<void>;

/**
 * A task that starts at the first page.
 *
 * @param open The page of the user, which all tasks of a file share.
 * @param clicks Clicks and keys that the task takes, which `scripts/task-table.ts` reads for the table in `e2e/README.md`.
 */
export async function task(open: () => Promise<Page>, clicks: number, run: Run): Promise<void> {
  await take(clicks, new Hand(await open()), run);
}

/** The same without a mouse. */
export async function taskByKeyboard(open: () => Promise<Page>, clicks: number, run: Run): Promise<void> {
  await take(clicks, new KeyboardHand(await open()), run);
}

async function take(clicks: number, hand: Hand, run: Run): Promise<void> {
  await run(hand);
  expect(hand.clicks).toBe(clicks);
}

/** Opens a page once, and returns it to its first view for each task. */
export function sharedPage(make: () => Promise<Page>, path: string): () => Promise<Page> {
  let page: Page | undefined;
  return async () => {
    page ??= await make();
    await goTo(page, path);
    return page;
  };
}
