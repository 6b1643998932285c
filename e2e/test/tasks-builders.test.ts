/** The tasks of developers, integrators and customers, each from the first page, with the clicks that it takes. */
import { eventually } from "@posthorn/testkit";
import type { Locator } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useBrowser } from "../lib/browser.ts";
import { SOURCE_SECRET, sendPush } from "../lib/dashboard-scene.ts";
import { type Hand, sharedPage, task, taskByKeyboard } from "../lib/hand.ts";
import { portalLink } from "../lib/portal-scene.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld({
  env: {
    POSTHORN_RETRY_SCHEDULE: "",
    POSTHORN_PUBLIC_URL: "https://hooks.example.com",
    POSTHORN_MAIL_URL: "smtp://127.0.0.1:1",
    POSTHORN_MAIL_FROM: "hooks@example.com",
  },
});

beforeAll(async () => {
  const { api, receiver } = world;
  receiver.respondWith(({ path }) => (path === "/failing" ? 401 : 204));
  const schemas = { 1: { type: "object", examples: [{ amount: 5 }] } };
  await api.post("/api/v1/event-type", { name: "order.paid", description: "Paid.", schemas });
  await api.post("/api/v1/app", { name: "Acme Logistics", uid: "acme" });
  await api.post("/api/v1/app/acme/endpoint", { url: `${receiver.url}/orders` });
  await api.post("/api/v1/app/acme/endpoint", { url: `${receiver.url}/failing` });
  for (let amount = 0; amount < 3; amount++) {
    await api.post("/api/v1/app/acme/msg", { eventType: "order.paid", payload: { amount } });
  }
  await eventually(async () => {
    const { json } = await api.get(`/api/v1/app/acme/attempt/endpoint/${await endpointId("/failing")}`);
    if ((json["data"] as readonly object[]).length !== 3) throw new Error("not all messages have failed yet");
  });
});

async function endpointId(path: string): Promise<string> {
  const { json } = await world.api.get("/api/v1/app/acme/endpoint");
  return (json["data"] as readonly { readonly id: string; readonly url: string }[]).find(({ url }) =>
    url.endsWith(path),
  )!.id;
}

const overview = sharedPage(async () => {
  const page = await browser.open({ token: world.server.token, reducedMotion: "reduce", keep: true });
  await page.goto(world.server.url);
  return page;
}, "/");

const portal = sharedPage(async () => {
  const { url } = await portalLink(world, "acme");
  const page = await browser.open({ reducedMotion: "reduce", keep: true });
  const link = new URL(url);
  await page.goto(world.server.url + link.pathname + link.search + link.hash);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}, "/portal");

const inDialog = ({ page }: Hand, name: string | RegExp): Locator =>
  page.getByRole("dialog").or(page.getByRole("alertdialog")).getByRole("button", { name }).last();

describe("a developer", () => {
  it("25. publishes a test event (before: not possible; without a mouse)", () =>
    taskByKeyboard(overview, 4, async (hand) => {
      await hand.find("logis", /Acme Logistics/);
      await hand.click("Publish message");
      await hand.type("Event type", "order.paid");
      await hand.click(inDialog(hand, "Send"));
      await hand.arrives("order.paid");
    }));

  it("26. sees what a filter would match (before: 5 clicks)", () =>
    task(overview, 5, async (hand) => {
      await hand.find("/orders", /orders/);
      await hand.click("Types and filter");
      await hand.click("Add filter");
      const row = hand.page.getByRole("listitem", { name: "Filter condition 1" });
      await row.getByLabel("Field").fill("body.amount");
      await row.getByLabel("Value").fill("2");
      await hand.click("Try on recent messages");
      await hand.sees(/Matching messages: 1 of [34]/);
    }));

  it("27. writes and tests a transformation (before: 6 clicks)", () =>
    task(overview, 7, async (hand) => {
      await hand.find("/failing", /failing/);
      await hand.click("Types and filter");
      const card = hand.page.getByRole("region", { name: "Transformation", exact: true });
      await hand.click(card.getByLabel("JavaScript"));
      await hand.page.keyboard.type("function handler(webhook) { webhook.payload.added = true; return webhook; }");
      const trial = hand.page.getByRole("region", { name: "Test the transformation" });
      await hand.click(trial.getByLabel("Message", { exact: true }));
      await trial.getByLabel("Message", { exact: true }).selectOption({ index: 1 });
      await hand.click(trial.getByRole("button", { name: "Run test" }));
      await hand.sees("The message would be sent");
      await hand.click(card.getByRole("button", { name: "Save" }));
      await card.getByText("Saved", { exact: true }).waitFor();
    }));

  it("28. changes the retries of an endpoint (before: 5 clicks)", () =>
    task(overview, 4, async (hand) => {
      await hand.find("/orders", /orders/);
      await hand.click("Delivery policy");
      await hand.type("Delays between attempts", "10s, 5m, 1h");
      await hand.sees("4 attempts over at least 1.1 h.");
      await hand.click("Save");
      await hand.sees("Saved");
    }));
});

describe("an integrator", () => {
  let url: string;

  it("29. adds a GitHub source, and reads how to set it up (before: 4 clicks)", () =>
    task(overview, 5, async (hand) => {
      await hand.click("Sources");
      await hand.click("New source");
      const dialog = hand.page.getByRole("dialog");
      await hand.click(dialog.getByRole("button", { name: "Choose another kind" }));
      await dialog.getByLabel("Search kinds and providers").fill("github");
      await hand.press("Enter");
      await dialog.getByLabel("Name", { exact: true }).fill("Repositories");
      await dialog.getByLabel("Secret", { exact: true }).fill(SOURCE_SECRET);
      await hand.click(dialog.getByRole("button", { name: "Create" }));
      await hand.arrives("Repositories");
      await hand.sees("Set up GitHub");
      const { json } = await world.api.get("/ingest/api/v1/source");
      const [made] = json["data"] as readonly { readonly id: string; readonly ingestUrl: string }[];
      url = new URL(made!.ingestUrl).pathname;
    }));

  it("30. sees the first request verified, without a reload (before: 2 clicks)", () =>
    task(overview, 2, async (hand) => {
      await hand.click("Sources");
      await hand.click("Repositories");
      await hand.sees("Waiting for the first request");
      expect(await sendPush(world.server.url + url, "refs/heads/main", SOURCE_SECRET, "delivery-1")).toBe(200);
      await hand.page.getByText("Waiting for the first request").waitFor({ state: "detached" });
      await hand.page.getByText("push", { exact: true }).first().waitFor();
    }));

  it("31. finds a duplicate, and the message that it repeats (before: not possible)", () =>
    task(overview, 3, async (hand) => {
      await sendPush(world.server.url + url, "refs/heads/main", SOURCE_SECRET, "delivery-1");
      await hand.click("Sources");
      await hand.click("Repositories");
      const card = hand.page.getByRole("region", { name: "Duplicates" });
      await card.getByText("Received 2 times.").waitFor();
      await hand.click(card.getByRole("link", { name: "push" }));
      await hand.arrives("push");
    }));

  it("32. sees a quarantined request, and why it failed (before: 5 clicks)", () =>
    task(overview, 4, async (hand) => {
      expect(await sendPush(world.server.url + url, "refs/heads/main", "wrong")).toBe(401);
      await hand.click("Sources");
      await hand.click("Repositories");
      await hand.click(/^Quarantine/);
      await hand.click(hand.page.getByRole("main").getByRole("table").getByRole("link").first());
      await hand.sees("Signature doctor");
      // The diagnosis runs by itself.
      await hand.page.getByRole("button", { name: "Diagnose again" }).waitFor();
      await hand.sees("The x-hub-signature-256 does not match: wrong secret, or the body was changed.");
    }));
});

describe("a customer in the portal", () => {
  it("33. adds an endpoint, and sees whether its URL is allowed (before: 2 clicks; without a mouse)", () =>
    taskByKeyboard(portal, 2, async (hand) => {
      await hand.click("New endpoint");
      await hand.type("URL", "http://169.254.169.254/latest");
      await hand.sees("This target is blocked.");
      await hand.type("URL", `${world.receiver.url}/mine`);
      await hand.sees("Deliveries to this URL are allowed.");
      await hand.click(inDialog(hand, "Create"));
      await hand.arrives(/mine/);
      await hand.page.getByRole("region", { name: "Set up your receiver" }).waitFor();
    }));

  it("34. tests it, and sees the result (before: 3 clicks; without a mouse)", () =>
    taskByKeyboard(portal, 3, async (hand) => {
      await hand.click(/\/mine/);
      await hand.click("Send example");
      await hand.click(inDialog(hand, "Send"));
      await hand.sees("HTTP 204 No Content");
    }));

  it("35. sees failures, and what to do (before: 2 clicks)", () =>
    task(portal, 2, async (hand) => {
      await hand.click(/\/failing/);
      await hand.click(/^HTTP 401/);
      await hand.sees(/^401/);
    }));

  it("36. resends failed messages (before: 4 clicks)", () =>
    task(portal, 3, async (hand) => {
      await hand.click(/\/failing/);
      await hand.click("Recover");
      await hand.click(inDialog(hand, "Recover"));
      await hand.sees("Finished");
    }));

  it("37. rotates the secret, and copies the new one (before: 3 clicks)", () =>
    task(portal, 5, async (hand) => {
      await hand.click(/\/failing/);
      await hand.click(hand.page.getByLabel("Endpoint").getByRole("link", { name: "Signing" }));
      await hand.click(/^Rotate/);
      await hand.click(inDialog(hand, /^Rotate/));
      await hand.sees("Secret rotated.");
      await hand.click("Show");
      await hand.sees(/^whsec_/);
    }));

  it("38. gets an email when an endpoint fails (before: not possible)", () =>
    task(portal, 3, async (hand) => {
      await hand.click("Alerts");
      await hand.click("Add recipient");
      await hand.type("Email address", "ops@acme.example");
      await hand.click(inDialog(hand, "Send confirmation"));
      await hand.page.getByRole("row", { name: /ops@acme\.example.*Not confirmed yet/s }).waitFor();
    }));
});
