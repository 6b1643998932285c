/**
 * What 99 endpoints wait for their deliveries while one of a hundred hangs until its time-out, against what they wait otherwise, in one
 * run: both take turns. See README.md beside this file.
 *
 *     npm run bench:hang -- --rate 200 --seconds 4 --rounds 3
 */
import { parseArgs } from "node:util";
import { percentile, publishFor, startMeasuredNode } from "./lib/node-api.ts";
import { nextMessage, startModule, stop } from "./lib/processes.ts";
import type { Arrival } from "./lib/wayward-receiver.ts";

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "200" },
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
  },
});
const [RATE, SECONDS, ROUNDS] = [Number(values.rate), Number(values.seconds), Number(values.rounds)];
const ENDPOINTS = 100;

const receiver = startModule("wayward-receiver.ts");
const { port } = await nextMessage<{ port: number }>(receiver);

async function takeArrivals(): Promise<readonly Arrival[]> {
  receiver.send({});
  return (await nextMessage<{ arrivals: readonly Arrival[] }>(receiver)).arrivals;
}

const ages: { calm: number[]; hanging: number[] } = { calm: [], hanging: [] };
const p99: { calm: number[]; hanging: number[] } = { calm: [], hanging: [] };
{
  await using node = await startMeasuredNode({ POSTHORN_REQUEST_TIMEOUT: "15" });
  const channels = Array.from({ length: ENDPOINTS }, (_, index) => `c${index}`);
  for (const [index, channel] of channels.entries()) {
    const path = index === 0 ? "hang" : `fine/${index}`;
    await node.call("POST", "app/bench/endpoint", { url: `http://127.0.0.1:${port}/${path}`, channels: [channel] });
  }
  const healthy = channels.slice(1);
  await publishFor(node, { perSecond: RATE, seconds: 2, channels: healthy });
  await takeArrivals();
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const kind = round % 2 === 0 ? "calm" : "hanging";
    // The one that hangs gets a tenth of everything, so that it always has more than may be in flight.
    const to =
      kind === "calm" ? healthy : healthy.flatMap((channel, index) => (index % 9 === 0 ? ["c0", channel] : [channel]));
    await publishFor(node, { perSecond: RATE, seconds: SECONDS, channels: to });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const fine = (await takeArrivals()).filter(({ path }) => path.startsWith("/fine")).map(({ age }) => age);
    ages[kind].push(...fine);
    p99[kind].push(percentile(fine, 0.99));
  }
}
await stop(receiver);

console.log("\n| | deliveries | p50 ms | p99 ms (each round) |\n| --- | ---: | ---: | ---: |");
for (const kind of ["calm", "hanging"] as const) {
  const name = kind === "calm" ? "none hangs" : "one of 100 hangs";
  const row = [
    name,
    ages[kind].length,
    percentile(ages[kind], 0.5),
    `${percentile(ages[kind], 0.99)} (${p99[kind].join(", ")})`,
  ];
  console.log(`| ${row.join(" | ")} |`);
}
console.log(
  `\np99 of the others: ${(percentile(ages.hanging, 0.99) / percentile(ages.calm, 0.99)).toFixed(2)} of what it is otherwise`,
);
