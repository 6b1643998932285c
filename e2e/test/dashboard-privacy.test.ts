/** Erasure of personal data in a real browser. */
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { expectAccessible } from "../lib/axe.ts";
import { useBrowser } from "../lib/browser.ts";
import { picture } from "../lib/picture.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
// The server has its own organisation in addition to that of the test.
const world = useWorld({ env: { POSTHORN_INGEST_URL: "http://in.example.com" } });
let message: string;

async function open(path: string, options: Parameters<typeof browser.open>[0] = {}): Promise<Page> {
  const page = await browser.open({ token: world.server.token, reducedMotion: "reduce", ...options });
  await page.goto(world.server.url + path);
  return page;
}

beforeAll(async () => {
  await world.api.post("/api/v1/app", { name: "Acme", uid: "acme" });
  for (const email of ["ada@example.com", "bob@example.com"]) {
    const payload = { customer: { email } };
    const { json } = await world.api.post("/api/v1/app/acme/msg", { eventType: "order.paid", payload });
    message ??= String(json["id"]);
  }
});

describe("the privacy page", () => {
  it("counts first, erases after a confirmation, and shows the receipt and the tombstone", async () => {
    const page = await open("/settings?tab=privacy");
    await page.getByText("No erasure requests yet.").waitFor();
    await page.getByRole("button", { name: "New erasure request" }).click();
    const dialog = page.getByRole("dialog", { name: "New erasure request" });
    await dialog.getByLabel("JSON path").fill("$.customer.email");
    await dialog.getByLabel("Value").fill("ada@example.com");
    await dialog.getByLabel("Reason").fill("case 17");
    await dialog.getByRole("button", { name: "Count messages" }).click();
    await dialog.getByText("Nothing has been changed yet.").waitFor();
    await expectAccessible(page);
    await picture(page, "privacy-dry-run");
    await dialog.getByRole("button", { name: "Erase", exact: true }).click();
    const confirmation = page.getByRole("alertdialog").or(page.getByRole("dialog", { name: "Erase this data?" }));
    await confirmation.getByText("The content of 1 message").waitFor();
    await picture(page, "privacy-confirm");
    await confirmation.getByRole("button", { name: "Erase", exact: true }).click();

    await page.getByRole("row").filter({ hasText: "Dry run" }).waitFor();
    const erased = page.getByRole("row").filter({ hasText: "Erased" });
    await erased.waitFor({ timeout: 90_000 });
    await picture(page, "privacy");
    await erased.getByRole("button", { name: "Details" }).click();
    await page.getByRole("dialog", { name: "Receipt" }).getByText("case 17").waitFor();
    await expectAccessible(page);
    await picture(page, "privacy-receipt");
    expect(await page.locator("body").innerText()).not.toContain("ada@example.com");

    await page.goto(`${world.server.url}/applications/acme/messages/${message}`);
    await page.getByText("The payload was erased at the request of the person it was about.").waitFor();
    await picture(page, "privacy-tombstone");
  });

  it("is in German", async () => {
    const page = await open("/settings?tab=privacy", { locale: "de-DE" });
    const heading = page.getByRole("heading", { level: 2 }).first();
    await heading.waitFor();
    expect(await heading.innerText()).toBe("Personenbezogene Daten löschen");
  });
});
