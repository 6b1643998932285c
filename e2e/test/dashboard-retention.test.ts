/** Retention periods of an application in a real browser, and asking for a link for a new password. */
import { createServer, type Socket } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectAccessible } from "../lib/axe.ts";
import { useBrowser } from "../lib/browser.ts";
import { picture } from "../lib/picture.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
/** A mail server that accepts connections and never responds, so no email of this test arrives. */
const sockets = new Set<Socket>();
const silent = createServer((socket) => void sockets.add(socket)).listen(0, "127.0.0.1");
await once(silent, "listening");
const world = useWorld({
  env: {
    POSTHORN_MAIL_URL: `smtp://127.0.0.1:${(silent.address() as AddressInfo).port}?security=none`,
    POSTHORN_MAIL_FROM: "posthorn@example.com",
  },
});

beforeAll(async () => {
  await world.api.post("/api/v1/app", { name: "Acme", uid: "acme" });
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  silent.close();
  await once(silent, "close");
});

describe("the settings of an application", () => {
  it("set a retention period, show where each one comes from, and explain why one is rejected", async () => {
    const page = await browser.open({ token: world.server.token, reducedMotion: "reduce" });
    await page.goto(`${world.server.url}/applications/acme?tab=settings`);
    const form = page.locator("form").filter({ has: page.getByLabel("Payloads (days)") });
    await form.getByLabel("Payloads (days)").fill("7");
    await form.getByRole("button", { name: "Save" }).click();
    await page.getByText("7 days, set here.").waitFor();
    await page.getByText("180 days, set by the server.").waitFor();
    await form.getByLabel("Failed deliveries (days)").fill("30");
    await form.getByRole("button", { name: "Save" }).click();
    await page.getByText("Set a shorter attemptDays as well").waitFor();
    const { json } = await world.api.get("/api/v1/app/acme/retention");
    expect(json).toMatchObject({ payload: { days: 7, own: 7 }, failure: { days: 180, own: null } });
    await expectAccessible(page);
    await picture(page, "retention-en");
    await page.goto(`${world.server.url}/applications/acme?tab=settings&lang=de`);
    await page.getByText("7 Tage, hier eingestellt.").waitFor();
    await picture(page, "retention-de");
  });
});

describe("the sign-in page", () => {
  it("lets people request a link, and responds in the same way for every address", async () => {
    const page = await browser.open({ reducedMotion: "reduce" });
    await page.goto(`${world.server.url}/`);
    const byPassword = page.getByRole("button", { name: /password instead/i });
    const forgot = page.getByRole("button", { name: "Forgot your password?" });
    await byPassword.or(forgot).first().waitFor();
    if (await byPassword.isVisible()) await byPassword.click();
    await page.getByLabel("Email address").fill("stranger@engines.example");
    await forgot.click();
    await page.getByRole("button", { name: "Send link" }).click();
    await page.getByText("If there is an account with stranger@engines.example").waitFor();
    await expectAccessible(page);
    await picture(page, "forgot-en");
    await page.getByRole("button", { name: "Back to sign-in" }).click();
    await page.getByLabel("Password").waitFor();
    expect(await forgot.isVisible()).toBe(true);
  });
});
