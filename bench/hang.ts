/**
 * How long deliveries to 99 endpoints wait while the hundredth endpoint hangs until its timeout, compared with rounds in which it responds.
 * Both kinds of rounds alternate in one run. See README.md in this folder.
 *
 *     npm run bench:engine -- --case hanging --rate 200 --seconds 3 --rounds 5
 */
import { parseArgs } from "node:util";
import { type MeasuredNode, percentile, publishFor, startMeasuredNode } from "./lib/node-api.ts";
import { nextMessage, startModule, stop } from "./lib/processes.ts";
import type { Arrival } from "./lib/faulty-receiver.ts";

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "200" },
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "5" },
  },
});
const [RATE, SECONDS, ROUNDS] = [Number(values.rate), Number(values.seconds), Number(values.rounds)];
const ENDPOINTS = 100;
/** One of ten messages goes to the hanging endpoint, which always exceeds its concurrency limit. */
const SHARE = 10;
const TIME_OUT_SECONDS = 4;

interface Waits {
  /** From the response to the publisher until the request arrives; 0 when it arrives earlier. */
  readonly queue: number[];
  /** From before the publish until the request arrives. */
  readonly whole: number[];
}

const receiver = startModule("faulty-receiver.ts");
const { port } = await nextMessage<{ port: number }>(receiver);

async function takeArrivals(): Promise<readonly Arrival[]> {
  receiver.send({});
  return (await nextMessage<{ arrivals: readonly Arrival[] }>(receiver)).arrivals;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Publishes for one round and returns the waits of the 99 endpoints. The hundredth is the one at `channel`. */
async function round(node: MeasuredNode, channel: string, seconds: number): Promise<Waits> {
  const others = Array.from({ length: ENDPOINTS - 1 }, (_, index) => `c${index + 1}`);
  const channels = others.flatMap((other, index) => (index % (SHARE - 1) === 0 ? [channel, other] : [other]));
  await takeArrivals();
  const answered = await publishFor(node, { perSecond: RATE, seconds, channels });
  await sleep(500);
  const arrived = (await takeArrivals()).filter(({ path }) => path.startsWith("/others"));
  return {
    queue: arrived.map(({ at, sent }) => Math.max(0, at - answered[sent.n]!)),
    whole: arrived.map(({ at, sent }) => at - sent.at),
  };
}

const rounds: { calm: Waits[]; hanging: Waits[] } = { calm: [], hanging: [] };
{
  await using node = await startMeasuredNode({ POSTHORN_REQUEST_TIMEOUT: String(TIME_OUT_SECONDS) });
  const endpoint = (path: string, channel: string): Promise<unknown> =>
    node.call("POST", "app/bench/endpoint", {
      url: `http://127.0.0.1:${port}/${path}`,
      uid: channel,
      channels: [channel],
    });
  for (let index = 1; index < ENDPOINTS; index++) await endpoint(`others/${index}`, `c${index}`);
  await endpoint("answers", "answers");
  await endpoint("hang", "hangs");
  // Without a circuit breaker, so that it hangs all the time and not only until the circuit opens.
  await node.call("PUT", "app/bench/endpoint/hangs/policy", { breaker: { enabled: false } });
  await round(node, "answers", 2);
  for (let index = 0; index < ROUNDS; index++) {
    rounds.calm.push(await round(node, "answers", SECONDS));
    await node.call("POST", "app/bench/endpoint/hangs/resume");
    rounds.hanging.push(await round(node, "hangs", SECONDS));
    // Hanging requests must end before the next calm round.
    await node.call("POST", "app/bench/endpoint/hangs/pause", {});
    await sleep(TIME_OUT_SECONDS * 1000 + 500);
  }
}
await stop(receiver);

function each(kind: keyof typeof rounds, which: keyof Waits, share: number): number[] {
  return rounds[kind].map((waits) => percentile(waits[which], share));
}

/** The median over the rounds, followed by the value of each round. */
function cell(figures: readonly number[]): string {
  return `${percentile(figures, 0.5).toFixed(1)} (${figures.map((figure) => figure.toFixed(1)).join(", ")})`;
}

function ratio(which: keyof Waits): string {
  return (percentile(each("hanging", which, 0.99), 0.5) / percentile(each("calm", which, 0.99), 0.5)).toFixed(2);
}

console.log("\n| | queue p50 ms | queue p99 ms | whole p50 ms | whole p99 ms |\n| --- | ---: | ---: | ---: | ---: |");
for (const kind of ["calm", "hanging"] as const) {
  const cells = (["queue", "whole"] as const).flatMap((which) =>
    [0.5, 0.99].map((share) => cell(each(kind, which, share))),
  );
  console.log(`| ${[kind === "calm" ? "none hangs" : "one of 100 hangs", ...cells].join(" | ")} |`);
}
console.log(
  `\np99 of the others while one hangs, relative to calm rounds: queue ${ratio("queue")}, whole ${ratio("whole")}`,
);
