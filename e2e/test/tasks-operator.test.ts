/** The tasks of an operator during an incident, each from the overview, with the clicks that it takes. */
import { eventually } from "@posthorn/testkit";
import type { Locator } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useBrowser } from "../lib/browser.ts";
import { type Hand, sharedPage, task, taskByKeyboard } from "../lib/hand.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld({ env: { POSTHORN_RETRY_SCHEDULE: "" } });
const CUSTOMERS = ["Acme Logistics", "Globex", "Initech"];
const HEALTHY = "Cedar & Pine";
const SINCE = new Date(Date.now() - 3_600_000).toISOString();
const BAD_GATEWAY = "HTTP 502 Bad Gateway";
/** ID of a message of Acme that failed. */
let failed: string;
let isDown = true;

beforeAll(async () => {
  const { api, receiver } = world;
  receiver.respondWith(({ path }) => (isDown && path.startsWith("/hooks/customer") ? 502 : 204));
  await api.post("/api/v1/event-type", { name: "refund.made", description: "A refund was made." });
  for (const [index, name] of [...CUSTOMERS, HEALTHY].entries()) {
    const uid = `customer-${index}`;
    await api.post("/api/v1/app", { name, uid });
    await api.patch(`/api/v1/app/${uid}/policy`, { attention: { minFailures: 1 } });
    const path = name === HEALTHY ? "healthy" : uid;
    await api.post(`/api/v1/app/${uid}/endpoint`, { url: `${receiver.url}/hooks/${path}` });
    if (name === HEALTHY) {
      const url = `${receiver.url}/hooks/refunds`;
      await api.post(`/api/v1/app/${uid}/endpoint`, { url, filterTypes: ["refund.made"] });
    }
    const payload = { order: 1000 + index };
    const { json } = await api.post(`/api/v1/app/${uid}/msg`, { eventType: "invoice.paid", payload });
    if (index === 0) failed = json["id"] as string;
  }
  await eventually(async () => {
    const { json } = await api.get("/api/v1/incident");
    const [first] = json["data"] as readonly { readonly events: number }[];
    if (first?.events !== CUSTOMERS.length) throw new Error("not all failures are counted yet");
    const now = (await api.get("/api/v1/stats/now")).json["endpoints"] as {
      readonly needingAttention: readonly object[];
    };
    if (now.needingAttention.length !== CUSTOMERS.length) throw new Error("not all endpoints need attention yet");
  });
});

const overview = sharedPage(async () => {
  const page = await browser.open({ token: world.server.token, reducedMotion: "reduce", keep: true });
  await page.goto(world.server.url);
  return page;
}, "/");

describe("an operator", () => {
  it("1. sees whether anything is wrong (before: 0 clicks)", () =>
    task(overview, 0, async (hand) => {
      await hand.sees("3 endpoints need attention.");
      for (const name of CUSTOMERS)
        await hand.page.getByRole("region", { name: "Needs attention" }).getByText(name).waitFor();
    }));

  it("2. learns why the message with a known ID was not delivered (before: 3 clicks; without a mouse)", () =>
    taskByKeyboard(overview, 2, async (hand) => {
      await hand.find(failed, /invoice\.paid/);
      await hand.sees(BAD_GATEWAY);
    }));

  it("3. finds a message by the customer and the order number (before: 4 clicks; without a mouse)", () =>
    taskByKeyboard(overview, 3, async (hand) => {
      await hand.click("Messages");
      await hand.type(hand.page.getByRole("searchbox").first(), '"order":1001');
      await hand.press("Enter");
      await hand.click("invoice.paid");
      await hand.sees(BAD_GATEWAY);
    }));

  it("4. learns why an endpoint did not receive a message (before: 4 clicks)", () =>
    task(overview, 4, async (hand) => {
      await hand.click("Messages");
      await hand.type(hand.page.getByRole("searchbox").first(), '"order":1003');
      await hand.press("Enter");
      await hand.click("invoice.paid");
      await hand.click(hand.page.getByText("Why 1 endpoint did not match"));
      await hand.sees(/\/hooks\/refunds/);
      await hand.sees("refund.made");
    }));

  it("5. sees which customers an outage affects (before: not possible; without a mouse)", () =>
    taskByKeyboard(overview, 2, async (hand) => {
      await hand.click("Incidents");
      await hand.click(BAD_GATEWAY);
      for (const name of CUSTOMERS) await hand.page.getByRole("link", { name, exact: true }).waitFor();
    }));

  it("6. replays the failed deliveries since a time, for all customers (before: not possible)", () =>
    task(overview, 5, async (hand) => {
      isDown = false;
      await hand.click("Incidents");
      await hand.click(BAD_GATEWAY);
      await hand.click(hand.page.getByRole("main").getByRole("link", { name: "Replay", exact: true }));
      await hand.click("Dry run");
      await hand.sees("3 messages to 3 endpoints of 3 customers");
      await hand.click("Start replay");
      await hand.sees("Finished");
    }));

  it("7. replays the failed deliveries of one endpoint (before: 4 clicks; without a mouse)", () =>
    taskByKeyboard(overview, 4, async (hand) => {
      await failAgain("customer-0");
      await hand.find("hooks/customer-0", /customer-0/);
      await hand.click("Recover");
      await hand.click(hand.page.getByRole("dialog").getByRole("button", { name: "Recover" }));
      await hand.sees("Finished");
    }));

  it("8. starts a replay from the menu (before: 6 clicks)", () =>
    task(overview, 4, async (hand) => {
      await hand.click("Replays");
      await hand.click("New replay");
      // The list has a filter of the same name.
      await hand.page.waitForURL(/\/replays\/new$/);
      const application = hand.page.getByRole("combobox", { name: "Application" });
      await hand.type(application, "Globex");
      await hand.click(hand.page.getByRole("option", { name: /Globex/ }));
      await hand.click("Dry run");
      await hand.sees("0 deliveries would be sent.");
    }));

  it("9. follows a replay, and pauses, resumes and cancels it (before: 1 click)", () =>
    task(overview, 6, async (hand) => {
      await failAgain("customer-1", 12);
      await world.api.post("/api/v1/app/customer-1/replay", {
        since: SINCE,
        status: ["fail"],
        reason: "After the outage",
        ratePerSecond: 1,
      });
      await hand.click("Replays");
      await hand.click("After the outage");
      await hand.click("Pause");
      await hand.click("Resume");
      await hand.click("Cancel replay");
      await hand.click(
        hand.page
          .getByRole("dialog")
          .or(hand.page.getByRole("alertdialog"))
          .getByRole("button", { name: "Cancel replay" }),
      );
      await hand.sees("Canceled");
    }));

  it("10. recovers one endpoint from a chosen time, and sees how many messages that sends (before: 4 clicks)", () =>
    task(overview, 5, async (hand) => {
      await failAgain("customer-1");
      await hand.find("hooks/customer-1", /customer-1/);
      await hand.click("Recover");
      const dialog = hand.page.getByRole("dialog");
      await dialog.getByText(/^\d+ deliver(y|ies) would be sent\.$/).waitFor();
      await hand.choose("Time range", "custom");
      const since = localTime(Date.now() - 2 * 3_600_000);
      const counted = hand.page.waitForRequest(
        (request) =>
          request.url().endsWith("/replay/dry-run") &&
          request.postData()?.includes(`"since":"${new Date(since).toISOString()}"`) === true,
      );
      await hand.type("From", since);
      await counted;
      await dialog.getByText(/^[1-9]\d* deliver(y|ies) would be sent\.$/).waitFor();
      await hand.click(hand.page.getByRole("dialog").getByRole("button", { name: "Recover" }));
      await hand.arrives(/Recovery|Replay/);
    }));

  it("11. pauses and resumes an endpoint (before: 5 clicks; without a mouse)", () =>
    taskByKeyboard(overview, 4, async (hand) => {
      await hand.find("hooks/customer-1", /customer-1/);
      await hand.click("Pause");
      await hand.click("Resume");
      await hand.page.getByRole("button", { name: "Pause", exact: true }).waitFor();
    }));

  it("12. disables an endpoint, and enables it with the deliveries on hold (before: 5 clicks; without a mouse)", () =>
    taskByKeyboard(overview, 6, async (hand) => {
      await hand.find("hooks/customer-2", /customer-2/);
      await hand.click("Disable");
      await hand.click(dialogButton(hand, "Disable"));
      await hand.sees("The endpoint is disabled.");
      await world.api.post("/api/v1/app/customer-2/msg", { eventType: "invoice.paid", payload: {} });
      await hand.click("Enable");
      await hand.sees("1 delivery is on hold.");
      await hand.click(dialogButton(hand, "Enable"));
      await hand.page.getByRole("button", { name: "Disable", exact: true }).waitFor();
    }));

  it("13. rotates a secret with an overlap (before: 6 clicks; without a mouse)", () =>
    taskByKeyboard(overview, 5, async (hand) => {
      await hand.find("hooks/customer-2", /customer-2/);
      await hand.click("Secret and headers");
      await hand.click("Rotate secret");
      await hand.click(dialogButton(hand, "Rotate secret"));
      await hand.sees("Secret rotated.");
    }));

  it("14. reads an attempt: request, response, cause, time (before: 4 clicks; without a mouse)", () =>
    taskByKeyboard(overview, 3, async (hand) => {
      await hand.find(failed, /invoice\.paid/);
      await hand.click(/^Attempt 1 HTTP 502/);
      for (const name of ["Request", "Response", "Timing"])
        await hand.page.getByRole("heading", { name, exact: true }).waitFor();
      await hand.page.getByRole("button", { name: "Resend" }).waitFor();
    }));

  it("15. shares a link to an attempt (before: 0 clicks)", () =>
    task(overview, 5, async (hand) => {
      await hand.find(failed, /invoice\.paid/);
      await hand.click(/^Attempt 1 HTTP 502/);
      await hand.click("Share");
      await hand.click(dialogButton(hand, "Create link"));
      await hand.sees("It is shown only once.");
    }));

  it("16. exports a list as CSV (before: not possible)", () =>
    task(overview, 3, async (hand) => {
      await hand.click("Messages");
      await hand.click("Export");
      const [download] = await Promise.all([
        hand.page.waitForEvent("download"),
        hand.click(hand.page.getByRole("menuitem", { name: /^CSV/ })),
      ]);
      expect(download.suggestedFilename()).toMatch(/\.csv$/);
    }));

  it("17. saves the filters of a list as a view, and opens it from the search (before: not possible)", () =>
    task(overview, 8, async (hand) => {
      const { page } = hand;
      await hand.click("Messages");
      await hand.choose("Status", "failed");
      await page.waitForURL(/state=failed/);
      await hand.click("Views");
      await hand.click(page.getByRole("menuitem", { name: "Save as new view" }));
      await hand.type("Name", "Failed deliveries");
      await hand.click(dialogButton(hand, "Save"));
      await page.getByRole("button", { name: "Failed deliveries", exact: true }).waitFor();
      await hand.click("Overview");
      await page.waitForURL((url) => url.search === "");
      await hand.find("failed deliv", /Failed deliveries/);
      await page.waitForURL(/\/messages\?state=failed$/);
    }));

  it("18. finds a customer (before: not possible)", () =>
    task(overview, 2, async (hand) => {
      await hand.find("logis", /Acme Logistics/);
      await hand.arrives("Acme Logistics");
    }));

  it("19. finds an endpoint by its URL (before: not possible)", () =>
    task(overview, 2, async (hand) => {
      await hand.find("refunds", /hooks\/refunds/);
      await hand.arrives(/refunds/);
    }));

  it("20. watches one customer live (before: 1 click)", () =>
    task(overview, 1, async (hand) => {
      await hand.click("Live");
      await hand.type("Event type, application or ID", "customer-3");
      await expect.poll(() => hand.page.getByRole("main").getByRole("status").first().innerText()).toBe("Live");
      await world.api.post("/api/v1/app/customer-3/msg", { eventType: "refund.made", payload: {} });
      await hand.page.getByRole("group", { name: "Live" }).getByText("refund.made").first().waitFor();
    }));

  it("21. is alerted when an endpoint fails for ten minutes (before: not possible)", () =>
    task(overview, 8, async (hand) => {
      await hand.click("Settings");
      await hand.click("Alerts");
      await hand.click("New recipient");
      await hand.type("Name", "On call");
      await hand.type("URL", `${world.receiver.url}/on-call`);
      await hand.click(dialogButton(hand, "Create"));
      await hand.page.getByRole("dialog").waitFor({ state: "detached" });
      await hand.click("New alert rule");
      await hand.type("Name", "Endpoint down");
      await hand.click(hand.page.getByRole("checkbox", { name: "On call" }));
      await hand.click(dialogButton(hand, "Create"));
      await hand.sees("Endpoint down");
      await hand.click("Send test");
      await hand.sees("A test message was sent to the recipients.");
      await eventually(() => expect(world.receiver.requests.map(({ path }) => path)).toContain("/on-call"));
    }));

  it("22. invites a colleague who may only read (before: not possible)", () =>
    task(overview, 4, async (hand) => {
      await hand.click("Users");
      await hand.click(/^Invite/);
      await hand.type("Email address", "support@example.com");
      await hand.choose("Role", "support");
      await hand.click(dialogButton(hand, /^(Invite|Create|Send)/));
      await hand.sees("support@example.com");
    }));

  it("23. sees when the disk is full, and what is stored (before: 2 clicks)", () =>
    task(overview, 2, async (hand) => {
      await hand.click("Settings");
      await hand.click("Storage");
      await hand.sees("Disk full in");
      await hand.sees("By kind of data");
    }));

  it("24. learns whether a URL would be allowed (before: 2 clicks)", () =>
    task(overview, 3, async (hand) => {
      await hand.click("Settings");
      await hand.click("URL checker");
      await hand.type("URL", "http://169.254.169.254/latest");
      await hand.press("Enter");
      await hand.sees(/blocked/i);
    }));
});

const dialogButton = ({ page }: Hand, name: string | RegExp): Locator =>
  page.getByRole("dialog").or(page.getByRole("alertdialog")).getByRole("button", { name }).last();

/** A value of an input of the type `datetime-local`. The browser has the time zone of the test. */
function localTime(at: number): string {
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Publishes messages whose delivery fails. */
async function failAgain(app: string, count = 1): Promise<void> {
  isDown = true;
  for (let index = 0; index < count; index++) {
    const { json } = await world.api.post(`/api/v1/app/${app}/msg`, { eventType: "invoice.paid", payload: {} });
    await eventually(async () => {
      const attempts = await world.api.get(`/api/v1/app/${app}/attempt/msg/${json["id"] as string}`);
      expect(attempts.json["data"]).toHaveLength(1);
    });
  }
  isDown = false;
}
