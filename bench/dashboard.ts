/**
 * The dashboard with many messages: the cost of the first list for the server, and of scrolling for the browser. Fills a dedicated node
 * through its API and opens its pages in Chromium. See README.md in this folder.
 *
 *     npm run bench:dashboard -- --messages 100000
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startReceiver } from "@posthorn/testkit";
import { type CDPSession, chromium, type Page } from "playwright-core";
import { findChromium } from "../e2e/lib/chromium.ts";
import { startNode, type TestNode } from "../packages/posthorn/test/support/posthorn.ts";

const { values } = parseArgs({
  options: { messages: { type: "string", default: "100000" }, rows: { type: "string", default: "3000" } },
});
const MESSAGES = Number(values.messages);
/** Number of rows to scroll through. */
const ROWS = Number(values.rows);

const APPLICATIONS = 20;
/** Number of applications with an endpoint to which messages are actually delivered. */
const DELIVERED = 4;
const BATCH = 1000;
const CALLS = 30;
const PAGE = 50;
const LARGE_PAGE = 250;
/** Pixels per step of the wheel, and milliseconds between two steps. */
const WHEEL_PIXELS = 600;
const WHEEL_MS = 30;
const MIB = 1024 * 1024;
/** Text contained in a single message. Searching for it examines all newer messages. */
const NEEDLE = "needle-in-the-haystack";

async function call(node: TestNode, method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await fetch(node.url + path, {
    method,
    headers: { authorization: `Bearer ${node.token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

async function fill(node: TestNode, receiver: string): Promise<void> {
  for (let app = 0; app < APPLICATIONS; app++) {
    await call(node, "POST", "/api/v1/app", { name: `Customer ${app}`, uid: `customer-${app}` });
    if (app < DELIVERED) await call(node, "POST", `/api/v1/app/customer-${app}/endpoint`, { url: receiver });
  }
  for (let sent = 0; sent < MESSAGES; sent += BATCH) {
    const messages = Array.from({ length: Math.min(BATCH, MESSAGES - sent) }, (_, index) => ({
      eventType: `order.${index % 7}`,
      payload: { number: sent + index, note: sent + index === MESSAGES - 4000 ? NEEDLE : "x".repeat(400) },
    }));
    await call(node, "POST", `/api/v1/app/customer-${(sent / BATCH) % APPLICATIONS}/msg/batch`, { messages });
  }
  for (;;) {
    const { waiting } = (await call(node, "GET", "/api/v1/stats/now")) as { waiting: { due: number } };
    if (waiting.due === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** Milliseconds from the call to the complete response, on this machine. */
async function timed(node: TestNode, name: string, path: string): Promise<void> {
  const waits: number[] = [];
  for (let count = 0; count < CALLS; count++) {
    const begun = performance.now();
    await call(node, "GET", path);
    waits.push(performance.now() - begun);
  }
  const sorted = waits.toSorted((a, b) => a - b);
  const shown = [0.5, 0.95, 1].map((share) => quantile(sorted, share).toFixed(1).padStart(8));
  console.log(`${name.padEnd(44)}${shown.join("")}`);
}

/** Iterator of the list after this many messages. */
async function deepIterator(node: TestNode, depth: number): Promise<string> {
  let iterator = "";
  for (let seen = 0; seen < depth; seen += LARGE_PAGE) {
    const query = iterator === "" ? "" : `&iterator=${iterator}`;
    iterator = String((await call(node, "GET", `/api/v1/message?limit=${LARGE_PAGE}${query}`))["iterator"]);
  }
  return iterator;
}

async function serverTimes(node: TestNode): Promise<void> {
  console.log(
    `\n${"Server, ms (30 calls)".padEnd(44)}${["p50", "p95", "max"].map((name) => name.padStart(8)).join("")}`,
  );
  const list = `/api/v1/message?limit=${PAGE}`;
  const hour = new Date(Date.now() - 3_600_000).toISOString();
  await timed(node, "first page", list);
  await timed(node, "first page, last hour", `${list}&after=${hour}`);
  await timed(node, "page in the middle of the list", `${list}&iterator=${await deepIterator(node, MESSAGES / 2)}`);
  await timed(node, "messages of one application", `${list}&app_id=customer-3`);
  await timed(node, "failed messages, without matches", `${list}&state=failed`);
  await timed(node, "search without matches in 5,000 messages", `${list}&text=nowhere-to-be-found`);
  await timed(node, "search with one match in 5,000 messages", `${list}&text=${NEEDLE}`);
  await timed(node, "statistics of the home page", "/api/v1/stats/now");
}

async function memory(session: CDPSession): Promise<{ readonly mib: number; readonly nodes: number }> {
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return { mib: of("JSHeapUsedSize") / MIB, nodes: of("Nodes") };
}

/** Starts to record frames, long tasks and layout shifts. */
function watch(): void {
  const seen = { shift: 0, longTasks: 0, longestTask: 0, frames: [] as number[] };
  Object.assign(window, { seen });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { value, hadRecentInput } = entry as PerformanceEntry & { value: number; hadRecentInput: boolean };
      if (!hadRecentInput) seen.shift += value;
    }
  }).observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      seen.longTasks++;
      seen.longestTask = Math.max(seen.longestTask, duration);
    }
  }).observe({ type: "longtask" });
  let last = performance.now();
  const frame = (at: number): void => {
    seen.frames.push(at - last);
    last = at;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

interface Seen {
  readonly shift: number;
  readonly longTasks: number;
  readonly longestTask: number;
  readonly frames: readonly number[];
}

async function scroll(page: Page): Promise<number> {
  let rows = 0;
  while (rows < ROWS) {
    await page.mouse.wheel(0, WHEEL_PIXELS);
    await page.waitForTimeout(WHEEL_MS);
    rows = await page.evaluate(() =>
      Math.max(
        ...[...document.querySelectorAll("tr[data-index]")].map((row) => Number(row.getAttribute("data-index"))),
      ),
    );
  }
  return rows;
}

async function browserTimes(node: TestNode): Promise<void> {
  await using browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox"] });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.addInitScript((token) => sessionStorage.setItem("posthorn.session", token), node.token);
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable");
  await page.goto(`${node.url}/messages`);
  await page.locator("tr[data-index]").first().waitFor();
  const firstRow = await page.evaluate(() => performance.now());
  await page.mouse.move(700, 500);
  const before = await memory(session);
  await page.evaluate(watch);
  const rows = await scroll(page);
  const seen = await page.evaluate(() => (window as unknown as { seen: Seen }).seen);
  const after = await memory(session);
  const frames = seen.frames.toSorted((a, b) => a - b);
  const slow = frames.filter((ms) => ms > 50).length;
  console.log("\nBrowser");
  console.log(`  first row after                     ${firstRow.toFixed(0)} ms`);
  console.log(`  rows scrolled through               ${rows}`);
  console.log(`  layout shift (0: none)              ${seen.shift.toFixed(4)}`);
  console.log(
    `  frames p50, p95, longest            ${[0.5, 0.95, 1].map((share) => quantile(frames, share).toFixed(0)).join(", ")} ms`,
  );
  console.log(`  frames over 50 ms                   ${slow} of ${frames.length}`);
  console.log(`  tasks over 50 ms, longest           ${seen.longTasks}, ${seen.longestTask.toFixed(0)} ms`);
  console.log(`  memory of scripts before, after     ${before.mib.toFixed(1)}, ${after.mib.toFixed(1)} MiB`);
  console.log(`  nodes on the page before, after     ${before.nodes}, ${after.nodes}`);
}

const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-dashboard-"));
try {
  await using receiver = await startReceiver();
  await using node = await startNode(folder, { env: { POSTHORN_EGRESS_ALLOW: "loopback" } });
  const begun = performance.now();
  await fill(node, receiver.url);
  console.log(`${MESSAGES} messages after ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  await serverTimes(node);
  await browserTimes(node);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
