/**
 * Opens every page with half a day of sample traffic. With `POSTHORN_SCREENSHOTS`, the traffic is that of a day, each page is opened by its
 * URL and shown in both themes on desktop and on a phone, and pictures are written to this folder for review.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Demo } from "../demo/demo.ts";
import { useBrowser } from "../lib/browser.ts";
import { goTo } from "../lib/go-to.ts";

const FOLDER = process.env["POSTHORN_SCREENSHOTS"];
const WIDTHS = { desk: { width: 1280, height: 860 }, phone: { width: 390, height: 844 } } as const;
const THEMES = ["light", "dark"] as const;
/** Every page has its contents after half a day; pictures show a whole one. */
const HOURS = FOLDER === undefined ? 12 : 24;
const TEST_MS = 900_000;

const browser = useBrowser();
let folder: string;
let demo: Demo;

beforeAll(async () => {
  if (FOLDER !== undefined) await mkdir(FOLDER, { recursive: true });
  folder = await mkdtemp(join(tmpdir(), "posthorn-screenshots-"));
  demo = await Demo.start({ folder, hours: HOURS });
}, TEST_MS);

afterAll(async () => {
  await demo?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

interface Rows {
  readonly data: readonly { readonly id: string; readonly msgId: string; readonly name: string }[];
}

/** Every page of the dashboard, by the name of its screenshot. */
async function pages(): Promise<readonly (readonly [string, string])[]> {
  const now = await demo.call("GET", "/api/v1/stats/now");
  const { needingAttention } = now["endpoints"] as {
    needingAttention: { appId: string; endpointId: string; problem: string }[];
  };
  const failing = needingAttention.find(({ problem }) => problem === "failing")!;
  const off = needingAttention.find(({ problem }) => problem === "disabled")!;
  const application = `/applications/${failing.appId}`;
  const endpoint = `${application}/endpoints/${failing.endpointId}`;
  const failures = await demo.call(
    "GET",
    `/api/v1/app/${failing.appId}/attempt/endpoint/${failing.endpointId}?status=2&limit=1`,
  );
  const attempt = (failures as unknown as Rows).data[0]!;
  const message = `${application}/messages/${attempt.msgId}`;
  const sources = (await demo.call("GET", "/ingest/api/v1/source?limit=50")) as unknown as Rows;
  const sourceId = sources.data.find(({ name }) => name === "GitHub, shop")!.id;
  const source = `/sources/${sourceId}`;
  const routes = (await demo.call("GET", `/ingest/api/v1/source/${sourceId}/endpoint`)) as unknown as Rows;
  const incidents = (await demo.call("GET", "/api/v1/incident")) as unknown as Rows;
  const replay = await demo.call("POST", `/api/v1/app/${failing.appId}/endpoint/${failing.endpointId}/recover`, {
    since: new Date(Date.now() - 20 * 3_600_000).toISOString(),
  });
  return [
    ["home", "/"],
    ["home-hour", "/?window=1h"],
    ["messages", "/messages"],
    ["messages-held", "/messages?state=held"],
    ["live", "/live"],
    ["incidents", "/incidents"],
    ["incident", `/incidents/${incidents.data[0]!.id}`],
    ["replay-across", `/replays/across?incident=${incidents.data[0]!.id}`],
    ["issues", "/issues"],
    ["endpoints", "/endpoints"],
    ["endpoints-attention", "/endpoints/attention"],
    ["applications", "/applications"],
    ["application", application],
    ["application-feed", `${application}?tab=feed`],
    ["application-subscriptions", `${application}?tab=subscriptions`],
    ["application-policy", `${application}?tab=policy`],
    ["endpoint", endpoint],
    ["endpoint-off", `/applications/${off.appId}/endpoints/${off.endpointId}`],
    ["endpoint-matching", `${endpoint}?tab=matching`],
    ["endpoint-policy", `${endpoint}?tab=policy`],
    ["endpoint-feed", `${endpoint}?tab=feed`],
    ["endpoint-security", `${endpoint}?tab=security`],
    ["message", message],
    ["attempt", `${message}/attempts/${attempt.id}`],
    ["event-types", "/event-types"],
    ["event-type", "/event-types/order.created"],
    ["sources", "/sources"],
    ["table-sources", "/sources/tables"],
    ["source", source],
    ["source-routes", `${source}?tab=routes&route=${routes.data[0]!.id}`],
    ["source-catalogue", `${source}?tab=catalogue`],
    ["source-activity", `${source}?tab=activity`],
    ["source-settings", `${source}?tab=settings`],
    ["source-events", `${source}?tab=events`],
    ["source-quarantine", `${source}?tab=quarantine`],
    ["templates", "/templates"],
    ["template", "/templates/sensor-threshold"],
    ["watches", "/watches"],
    ["new-watch", `/watches/new?app=${failing.appId}`],
    ["audit", "/audit"],
    ["replays", "/replays"],
    ["replay", `/replays/${failing.appId}/${replay.id}`],
    ["new-replay", `/replays/new?app=${failing.appId}&endpoint=${failing.endpointId}`],
    ["cluster", "/cluster"],
    ["keys", "/settings"],
    ["users", "/users"],
    ["device", "/device"],
    ["connect", "/connect"],
    ["organisations", "/settings?tab=organisations"],
    ["storage", "/settings?tab=storage"],
    ["redaction", "/settings?tab=redaction"],
    ["egress", "/settings?tab=egress"],
    ["operational", "/settings?tab=webhooks"],
    ["alerts", "/settings?tab=alerts"],
    ["agents", "/settings?tab=agents"],
    ["requests", "/settings?tab=requests"],
    ["portal-look", "/settings?tab=portal"],
    ["shortcuts", "/shortcuts"],
    ["reference", "/reference?operation=v1.message.create"],
  ];
}

/** Every page of the portal, with a token for it. */
async function portal(): Promise<{ readonly token: string; readonly pages: readonly (readonly [string, string])[] }> {
  const now = await demo.call("GET", "/api/v1/stats/now");
  const { needingAttention } = now["endpoints"] as {
    needingAttention: { appId: string; endpointId: string; problem: string }[];
  };
  const { appId, endpointId } = needingAttention.find(({ problem }) => problem === "failing")!;
  const { token } = await demo.call("POST", `/api/v1/auth/app-portal-access/${appId}`, {});
  return {
    token: token as string,
    pages: [
      ["portal-endpoints", "/portal?name=Kontor&primaryColor=3b5bdb&darkMode=auto"],
      ["portal-endpoint", `/portal/endpoints/${endpointId}`],
      ["portal-deliveries", "/portal/messages"],
      ["portal-catalogue", "/portal/event-types"],
      ["portal-event-type", "/portal/event-types/order.created"],
      ["portal-signing", "/portal/signing"],
      ["portal-feed", "/portal/feed"],
      ["portal-alerts", "/portal/alerts"],
      ["portal-agents", "/portal/agents"],
    ],
  };
}

/** Path of a capture with a few requests. */
async function capture(): Promise<string> {
  const { id, ingestUrl } = await demo.call("POST", "/ingest/api/v1/source", {
    name: "What the shop sends",
    type: "generic-webhook",
    verification: { scheme: "none" },
    allowUnsigned: true,
    methods: ["POST", "PUT", "GET"],
    deduplication: "off",
    expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
  });
  const send = (path: string, method: string, body?: string) =>
    fetch(`${String(ingestUrl)}${path}`, {
      method,
      headers: { "content-type": "application/json", "user-agent": "shop/2.1" },
      ...(body === undefined ? {} : { body }),
    });
  await send("/health", "GET");
  await send("/stock/42", "PUT", '{"sku": "A-42", "left": 7}');
  await send("/orders?from=shop", "POST", '{"type": "order.created", "data": {"id": "ord_1042", "total": 129.90}}');
  return `/capture/${id}`;
}

async function settled(page: Page): Promise<void> {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await expect.poll(() => page.getByRole("status", { name: "Loading" }).count(), { timeout: 60_000 }).toBe(0);
}

/** Resolves when the page has been drawn. Charts resize one frame after the window. */
async function drawn(): Promise<void> {
  for (let frame = 0; frame < 3; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
}

/** Shows a page, and for pictures at each width and in each theme. Adds its name to `faults` when it shows an error. */
async function show(page: Page, name: string, path: string, faults: string[]): Promise<void> {
  await page.setViewportSize(WIDTHS.desk);
  // The first page of a tab has its URL anyway.
  if (FOLDER !== undefined || page.url() === "about:blank") await page.goto(demo.url + path);
  else await goTo(page, path);
  await settled(page);
  if ((await page.getByRole("alert").count()) > 0) faults.push(name);
  // `dashboard-pages.test.ts` shows every page at four widths and in both themes.
  if (FOLDER === undefined) return page.evaluate(drawn);
  for (const width of ["desk", "phone"] as const) {
    await page.setViewportSize(WIDTHS[width]);
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(FOLDER, `${name}-${width}-${colorScheme}.png`), animations: "disabled" });
    }
  }
}

it(
  "every page renders without an error",
  async () => {
    const page = await browser.open({ token: demo.token, reducedMotion: "reduce" });
    const faults: string[] = [];
    const all = [...(await pages()), ["captures", "/capture"], ["capture", await capture()]] as const;
    for (const [name, path] of all) await show(page, name, path, faults);
    const customer = await portal();
    const theirs = await browser.open({ token: customer.token, reducedMotion: "reduce" });
    for (const [name, path] of customer.pages) await show(theirs, name, path, faults);
    expect(faults).toEqual([]);
  },
  TEST_MS,
);
