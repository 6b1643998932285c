/** Every dialog and menu that a button of a page opens, and the pages without the frame of the dashboard. */
import type { Locator, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { axeFaults } from "../lib/axe.ts";
import { useBrowser } from "../lib/browser.ts";
import { type DashboardScene, pagesOf, setUpScene } from "../lib/dashboard-scene.ts";
import { goTo } from "../lib/go-to.ts";
import { layoutFaults } from "../lib/layout-faults.ts";
import { portalLink, portalPages } from "../lib/portal-scene.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld({ env: { POSTHORN_RETRY_SCHEDULE: "3600" } });
let scene: DashboardScene;

beforeAll(async () => {
  scene = await setUpScene(world);
});

/** Detects a hang, not a slow machine. */
const ALL_PAGES_MS = 900_000;
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 860 };
/** Fewest dialogs and menus that must be found, so that the test does not pass because it opens none. */
const LEAST = { dashboard: 25, portal: 5 };

async function settled(page: Page): Promise<void> {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await expect.poll(() => page.getByRole("status", { name: "Loading" }).count()).toBe(0);
}

/** The button has opened a dialog or a menu that covers the page. */
function opened(page: Page): Locator {
  return page.getByRole("dialog").or(page.getByRole("alertdialog")).or(page.getByRole("menu")).first();
}

/** Opens what a button opens. @returns Errors in it, and whether Escape leads back to the button. */
async function faultsOf(page: Page, button: Locator): Promise<readonly string[]> {
  const faults: string[] = [];
  // Lists that grow meanwhile move their buttons, and remove those that a phone does not show.
  const before = await button.elementHandle();
  await button.focus();
  await page.keyboard.press("Enter");
  await opened(page).waitFor();
  await expect.poll(() => page.getByRole("status", { name: "Loading" }).count()).toBe(0);
  faults.push(...(await axeFaults(page, "light")));
  await page.emulateMedia({ colorScheme: "dark" });
  faults.push(...(await axeFaults(page, "dark")).map((fault) => `${fault} in the dark`));
  await page.setViewportSize(PHONE);
  faults.push(...(await layoutFaults(page)).map((fault) => `${fault} on a phone`));
  await page.setViewportSize(DESKTOP);
  await page.emulateMedia({ colorScheme: "light" });
  await page.keyboard.press("Escape");
  await opened(page).waitFor({ state: "detached" });
  const isBack = await before.evaluate((element) => element === document.activeElement || !element.isConnected);
  return isBack ? faults : [...faults, "Escape does not lead back to the button"];
}

describe.each(["dashboard", "portal"] as const)("on every page of the %s", (face) => {
  it(
    "each dialog and menu is accessible in both themes, fits a phone, and closes with Escape",
    async () => {
      const isPortal = face === "portal";
      const token = isPortal ? (await portalLink(world, scene.app)).token : world.server.token;
      const page = await browser.open({ token, reducedMotion: "reduce" });
      await page.goto(`${world.server.url}${isPortal ? "/portal" : "/"}`);
      const other = { app: "", endpoint: "", message: "" };
      const found: string[] = [];
      const seen = new Set<string>();
      for (const [name, path] of isPortal ? portalPages({ ...scene, other }) : pagesOf(scene)) {
        await goTo(page, path);
        await settled(page);
        const buttons = page.locator('main :is(button, [role="button"])[aria-haspopup]:not([disabled])');
        const labels = await buttons.evaluateAll((all) =>
          all.map((one) => one.getAttribute("aria-label") ?? one.textContent ?? ""),
        );
        for (const [index, label] of labels.entries()) {
          // The same dialog on other pages, and lists of fields, which other tests open.
          if (seen.has(label) || (await buttons.nth(index).getAttribute("role")) === "combobox") continue;
          seen.add(label);
          for (const fault of await faultsOf(page, buttons.nth(index))) found.push(`${name}, ${label}: ${fault}`);
        }
      }
      expect(seen.size).toBeGreaterThanOrEqual(LEAST[face]);
      expect(found).toEqual([]);
    },
    ALL_PAGES_MS,
  );
});

describe("pages without a session", () => {
  it.each(["/", "/sign-in", "/portal", "/setup", "/invitation", "/reset"])(
    "%s is accessible in both themes, and fits a phone",
    async (path) => {
      const page = await browser.open({ reducedMotion: "reduce", colorScheme: "light" });
      await page.goto(world.server.url + path);
      await page.locator("#root :is(h1, p)").first().waitFor();
      expect(await axeFaults(page, "light")).toEqual([]);
      await page.emulateMedia({ colorScheme: "dark" });
      expect(await axeFaults(page, "dark")).toEqual([]);
      await page.setViewportSize(PHONE);
      expect(await layoutFaults(page)).toEqual([]);
    },
  );
});
