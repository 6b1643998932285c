/** The audit log and shared links, in a real browser. */
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
  const payload = { order: 17, customer: { email: "ada@example.com" } };
  const { json } = await world.api.post("/api/v1/app/acme/msg", { eventType: "order.paid", payload });
  message = String(json["id"]);
});

describe("the audit log", () => {
  it("lists who changed what, filters, shows an entry, verifies and exports", async () => {
    const page = await open("/audit");
    await page.getByRole("heading", { level: 1, name: "Audit log" }).waitFor();
    await page.getByRole("button", { name: "application.create" }).first().waitFor();
    await expectAccessible(page);
    await picture(page, "audit");
    await page.getByRole("button", { name: "application.create" }).first().click();
    await page.getByRole("dialog").getByText("Acme").first().waitFor();
    await picture(page, "audit-entry");
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Verify" }).click();
    await page.getByRole("dialog").getByText("The audit log is intact.").waitFor();
    await expectAccessible(page);
    await picture(page, "audit-verify");
    await page.keyboard.press("Escape");

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Export" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("posthorn-audit.ndjson");

    await page.goto(`${world.server.url}/audit?type=view&target=nothing`);
    await page.getByText("No entries match these filters.").waitFor();
  });

  it("is in German", async () => {
    const page = await open("/audit", { locale: "de-DE" });
    const heading = page.getByRole("heading", { level: 1 });
    await heading.waitFor();
    expect(await heading.innerText()).toBe("Audit-Log");
  });
});

describe("a shared link", () => {
  it("is created with hidden fields, opens without an account, and is revoked", async () => {
    const page = await open(`/applications/acme/messages/${message}`);
    await page.getByRole("button", { name: "Share" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Hidden fields").fill("$.customer.email");
    await dialog.getByRole("button", { name: "Create link" }).click();
    await dialog.getByText("The link was created.").waitFor();
    await expectAccessible(page);
    await picture(page, "share-dialog");
    const url = (await dialog.getByRole("group", { name: "Link" }).innerText()).trim();

    const stranger = await browser.open({ reducedMotion: "reduce" });
    await stranger.goto(url);
    await stranger.getByRole("heading", { level: 1, name: "order.paid" }).waitFor();
    const text = await stranger.locator("body").innerText();
    expect(text).toContain("[redacted]");
    expect(text).not.toContain("ada@example.com");
    await picture(stranger, "share-page");

    await dialog.getByRole("button", { name: "Revoke" }).click();
    await dialog.getByText("Revoked").waitFor();
    const response = await stranger.goto(url);
    expect(response?.status()).toBe(404);
    await stranger.getByRole("heading", { level: 1, name: "This link does not work" }).waitFor();
    await picture(stranger, "share-gone");
  });
});
