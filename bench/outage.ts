/**
 * Attempts per second at an endpoint that is down for a while and recovers, and at a dead endpoint, in real processes. See README.md in
 * this folder.
 *
 *     npm run bench:engine -- --case outage --rate 100 --cap 200 --concurrency 8 --down 20 --after 30
 *     npm run bench:engine -- --case dead --events 10000 --seconds 30
 */
import { parseArgs } from "node:util";
import { type MeasuredNode, publishFor, startMeasuredNode } from "./lib/node-api.ts";
import { nextMessage, startModule, stop } from "./lib/processes.ts";
import type { Arrival } from "./lib/faulty-receiver.ts";

const { values } = parseArgs({
  options: {
    dead: { type: "boolean", default: false },
    rate: { type: "string", default: "100" },
    cap: { type: "string", default: "200" },
    concurrency: { type: "string", default: "8" },
    down: { type: "string", default: "20" },
    after: { type: "string", default: "30" },
    events: { type: "string", default: "10000" },
    seconds: { type: "string", default: "30" },
  },
});

const LONGEST_CATCH_UP_MS = 30_000;

const receiver = startModule("faulty-receiver.ts");
const { port } = await nextMessage<{ port: number }>(receiver);

async function tell(message: { readonly down?: boolean }): Promise<readonly Arrival[]> {
  receiver.send(message);
  return (await nextMessage<{ arrivals: readonly Arrival[] }>(receiver)).arrivals;
}

/** Attempts per second between two times. */
function perSecond(arrivals: readonly Arrival[], from: number, to: number): number[] {
  const counts = new Array<number>(Math.ceil((to - from) / 1000)).fill(0);
  for (const { at } of arrivals) if (at >= from && at < to) counts[Math.floor((at - from) / 1000)]!++;
  return counts;
}

function row(name: string, counts: readonly number[]): string {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const peak = Math.max(...counts);
  return `| ${name} | ${counts.length} | ${mean.toFixed(1)} | ${peak} | ${(peak / mean).toFixed(2)} |`;
}

const HEADER = "\n| | seconds | mean attempts per second | peak | peak / mean |\n| --- | ---: | ---: | ---: | ---: |";

/** Maximum number of attempts in any sliding window of one second. */
function peakPerSecond(arrivals: readonly Arrival[]): number {
  let [oldest, greatest] = [0, 0];
  for (const [index, { at }] of arrivals.entries()) {
    while (arrivals[oldest]!.at <= at - 1000) oldest++;
    greatest = Math.max(greatest, index - oldest + 1);
  }
  return greatest;
}

async function endpoint({ call }: MeasuredNode, policy: object, throttleRate?: number): Promise<void> {
  await call("POST", "app/bench/endpoint", { url: `http://127.0.0.1:${port}/down`, uid: "ep", throttleRate });
  await call("PUT", "app/bench/endpoint/ep/policy", policy);
}

/** An outage of an hour, compressed: the waits of the circuit breaker are seconds instead of minutes. */
async function outage(): Promise<void> {
  const [rate, cap, concurrency] = [Number(values.rate), Number(values.cap), Number(values.concurrency)];
  const [down, after] = [Number(values.down), Number(values.after)];
  await using node = await startMeasuredNode();
  const breaker = { failures: 10, windowSeconds: 2, probeSeconds: 1, maxProbeSeconds: 2 };
  await endpoint(node, { breaker, limits: { concurrency } }, cap);
  const publishing = publishFor(node, { perSecond: rate, seconds: 5 + down + after });
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const wentDown = Date.now();
  const first = await tell({ down: true });
  await new Promise((resolve) => setTimeout(resolve, down * 1000));
  const cameBack = Date.now();
  const during = await tell({ down: false });
  const published = await publishing;
  const since: Arrival[] = [];
  const seen = new Set(first.map(({ sent }) => sent.n));
  const waitUntil = Date.now() + LONGEST_CATCH_UP_MS;
  do {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    since.push(...(await tell({})));
    for (const { sent } of since) seen.add(sent.n);
  } while (seen.size < published.length && Date.now() < waitUntil);
  console.log(HEADER);
  console.log(row("before", perSecond(first, wentDown - 4000, wentDown)));
  console.log(row("down", perSecond(during, wentDown, cameBack)));
  console.log(row("back", perSecond(since, cameBack, cameBack + after * 1000)));
  console.log(
    `\nAttempts in each second since recovery: ${perSecond(since, cameBack, cameBack + after * 1000).join(" ")}`,
  );
  const inFlight = Math.max(...since.map((arrival) => arrival.inFlight));
  console.log(`Peak per second since recovery: ${peakPerSecond(since)}, cap ${cap}`);
  console.log(`Most in flight since recovery: ${inFlight}, cap ${concurrency}`);
  console.log(
    `Published: ${published.length}, of which ${seen.size} were delivered, the last one ${((since.at(-1)!.at - cameBack) / 1000).toFixed(0)} s after recovery`,
  );
}

/**
 * Attempts after the circuit breaker opened: single ones, at increasing intervals. A mean that includes the seconds
 * before would describe neither.
 */
function afterwards(arrivals: readonly Arrival[], opened: number, seconds: number): string {
  const times = arrivals.map(({ at }) => at).filter((at) => at >= opened);
  const gaps = [opened, ...times].slice(0, -1).map((at, index) => ((times[index]! - at) / 1000).toFixed(1));
  const greatest = Math.max(0, ...perSecond(arrivals, opened, opened + seconds * 1000));
  return `While the circuit is open (${seconds.toFixed(0)} s): ${times.length} attempts, at most ${greatest} per second, at intervals of ${gaps.join(", ")} s`;
}

async function dead(): Promise<void> {
  const [events, seconds] = [values.events, values.seconds].map(Number) as [number, number];
  await tell({ down: true });
  console.log(HEADER);
  for (const enabled of [false, true]) {
    await using node = await startMeasuredNode();
    const retry = { backoff: { type: "exponential", first: 1, factor: 2, attempts: 8, max: 60 } };
    await endpoint(node, { breaker: { enabled, windowSeconds: 10, probeSeconds: 2 }, retry });
    for (let at = 0; at < events; at += 500) {
      const messages = Array.from({ length: Math.min(500, events - at) }, () => ({
        eventType: "a",
        payload: { at: Date.now(), n: 0 },
      }));
      await node.call("POST", "app/bench/msg/batch", { messages });
    }
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const arrivals = await tell({});
    const first = Math.min(...arrivals.map(({ at }) => at));
    const end = Date.now();
    if (!enabled) {
      console.log(row("breaker off", perSecond(arrivals, first, end)));
      continue;
    }
    const { since } = (await node.call("GET", "app/bench/endpoint/ep/state")) as { readonly since: string };
    const opened = Date.parse(since);
    console.log(row("circuit breaker enabled, until it opens", perSecond(arrivals, first, opened)));
    console.log(`\n${afterwards(arrivals, opened, (end - opened) / 1000)}`);
  }
}

await (values.dead ? dead() : outage());
await stop(receiver);
