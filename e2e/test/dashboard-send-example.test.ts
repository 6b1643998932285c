/** "Send example" in the dashboard and in the portal, on a server without any setup. */
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useBrowser } from "../lib/browser.ts";
import { portalLink } from "../lib/portal-scene.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld({ env: { POSTHORN_RETRY_SCHEDULE: "3600" } });
let endpoint: string;

beforeAll(async () => {
  await world.api.post("/api/v1/app", { name: "Acme", uid: "acme" });
  const made = await world.api.post("/api/v1/app/acme/endpoint", { url: `${world.receiver.url}/hook` });
  endpoint = made.json.id as string;
});

const FACES = ["dashboard", "portal"] as const;

async function openEndpoint(face: (typeof FACES)[number]): Promise<Page> {
  const token = face === "portal" ? (await portalLink(world, "acme")).token : world.server.token;
  const page = await browser.open({ token });
  const path = face === "portal" ? `/portal/endpoints/${endpoint}` : `/applications/acme/endpoints/${endpoint}`;
  await page.goto(world.server.url + path);
  await page.getByRole("button", { name: "Send example" }).click();
  return page;
}

/** Sends the example that the dialog offers. @returns The body that the receiver got. */
async function send(page: Page): Promise<string> {
  const before = world.receiver.requests.length;
  await page.getByRole("dialog").getByRole("button", { name: "Send", exact: true }).click();
  await page.waitForURL(/\/messages\/msg_/);
  await expect.poll(() => world.receiver.requests.length).toBe(before + 1);
  return world.receiver.requests.at(-1)!.body.toString();
}

describe.each(FACES)("in the %s", (face) => {
  it("sends webhook.ping without any event type, message or typed text", async () => {
    const page = await openEndpoint(face);
    expect(await page.getByLabel("Event type").inputValue()).toBe("webhook.ping");
    expect(await send(page)).toBe('{"success":true}');
    await page.getByRole("heading", { level: 1, name: "webhook.ping" }).waitFor();
  });
});

describe.each(FACES)("from the list of endpoints in the %s", (face) => {
  it("sends a ping to the chosen endpoint", async () => {
    const token = face === "portal" ? (await portalLink(world, "acme")).token : world.server.token;
    const page = await browser.open({ token });
    await page.goto(world.server.url + (face === "portal" ? "/portal" : "/applications/acme"));
    await page.getByRole("button", { name: "Send example" }).click();
    const field = page.getByRole("dialog").getByRole("combobox", { name: "Endpoint" });
    await expect.poll(() => field.inputValue()).toBe(`${world.receiver.url}/hook`);
    expect(await send(page)).toBe('{"success":true}');
  });
});

describe("in the portal, a customer", () => {
  it("sees the next steps for a new endpoint until the first attempt, and its figures in the list afterwards", async () => {
    const { json } = await world.api.post("/api/v1/app", { name: "Steps", uid: "steps" });
    expect(json.uid).toBe("steps");
    const page = await browser.open({ token: (await portalLink(world, "steps")).token });
    await page.goto(`${world.server.url}/portal`);
    await page.getByRole("button", { name: "New endpoint" }).first().click();
    await page.getByLabel("URL").fill(`${world.receiver.url}/steps`);
    await page.getByRole("button", { name: "Create" }).click();
    const steps = page.getByRole("region", { name: "Set up your receiver" });
    await steps.getByRole("link", { name: "Secret and code" }).waitFor();
    await page.getByRole("button", { name: "Send example" }).click();
    await send(page);
    await page.goto(`${world.server.url}/portal`);
    const row = page.getByRole("row", { name: /steps/ });
    await row.getByText("100%").or(row.getByText("100 %")).first().waitFor();
    await row.getByRole("link").first().click();
    await page.getByText("Created").waitFor();
    expect(await steps.count()).toBe(0);
  });

  it("adds an endpoint as a recipient of alerts about the others, and removes it", async () => {
    const page = await browser.open({ token: (await portalLink(world, "acme")).token });
    await page.goto(`${world.server.url}/portal/alerts`);
    await page.getByText(/No recipients yet/).waitFor();
    await page.getByRole("button", { name: "Add recipient" }).first().click();
    await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
    await page.getByRole("row", { name: /hook/ }).getByText("Active").waitFor();
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("alertdialog").or(page.getByRole("dialog")).getByRole("button", { name: "Remove" }).click();
    await page.getByText(/No recipients yet/).waitFor();
    expect((await world.api.get("/api/v1/app/acme/alert-recipient")).json.data).toEqual([]);
  });
});

describe("once there are event types", () => {
  beforeAll(async () => {
    const schemas = { 1: { type: "object", properties: { amount: { type: "integer", minimum: 5 } } } };
    await world.api.post("/api/v1/event-type", { name: "invoice.paid", description: "", schemas });
    await world.api.post("/api/v1/event-type", { name: "bare.type", description: "" });
    await world.api.post("/api/v1/app/acme/msg", { eventType: "seen.only", payload: { seen: true } });
    await world.receiver.waitFor(({ body }) => body.toString() === '{"seen":true}');
  });

  it.each([
    ["with a schema and no example", "invoice.paid", '{"amount":5}'],
    ["without a schema", "bare.type", '{"example":true}'],
    ["that was published and never registered", "seen.only", '{"seen":true}'],
  ])("an event type %s has an example too", async (_title, name, body) => {
    const page = await openEndpoint("portal");
    const field = page.getByRole("combobox", { name: "Event type" });
    await field.fill(name);
    await field.press("Tab");
    expect(await send(page)).toBe(body);
  });

  it("a typed payload is sent byte for byte, and one that is not JSON shows an error", async () => {
    const page = await openEndpoint("dashboard");
    await page.getByLabel("Payload, as JSON").fill('{"price": 1.0');
    await page.getByRole("dialog").getByRole("button", { name: "Send", exact: true }).click();
    await page.getByRole("alert").getByText("The payload is not valid JSON.").waitFor();
    await page.getByLabel("Payload, as JSON").fill('{"price": 1.0}');
    expect(await send(page)).toBe('{"price": 1.0}');
  });
});
