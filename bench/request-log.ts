/**
 * CPU time of a publish with and without the request log: of the whole server, for messages that match no endpoint, in alternating rounds on two
 * servers. See README.md in this folder.
 *
 *     npm run bench:request-log -- --messages 2000 --rounds 6
 */
import { parseArgs } from "node:util";
import { type MeasuredNode, percentile, startMeasuredNode } from "./lib/node-api.ts";
import { loadAverage, treeCpuSeconds } from "./lib/processes.ts";

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "2000" },
    rounds: { type: "string", default: "6" },
    concurrent: { type: "string", default: "16" },
  },
});
const MESSAGES = Number(values.messages);
const ROUNDS = Number(values.rounds);
const CONCURRENT = Number(values.concurrent);
/** The log is written after the responses, so its last batch is part of the round. */
const SETTLE_MS = 3000;

async function publish({ call }: MeasuredNode, count: number): Promise<void> {
  let left = count;
  const work = async (): Promise<void> => {
    while (left-- > 0) {
      await call("POST", "app/bench/msg?with_content=false", { eventType: "bench.event", payload: { n: left } });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, work));
}

/** CPU time of the server in microseconds per publish. */
async function round(node: MeasuredNode): Promise<number> {
  const { pid } = node.node.child;
  const before = treeCpuSeconds(pid!);
  await publish(node, MESSAGES);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return ((treeCpuSeconds(pid!) - before) * 1e6) / MESSAGES;
}

await using logging = await startMeasuredNode({}, { source: true });
await using silent = await startMeasuredNode({ POSTHORN_REQUEST_LOG_DAYS: "0" }, { source: true });
for (const node of [logging, silent]) await publish(node, MESSAGES);
const [on, off]: [number[], number[]] = [[], []];
for (let turn = 0; turn < ROUNDS; turn++) {
  // Each goes first in half of the rounds.
  const order = [[logging, on] as const, [silent, off] as const];
  for (const [node, figures] of turn % 2 === 0 ? order : order.toReversed()) figures.push(await round(node));
}
const median = (figures: readonly number[]): number => Math.round(percentile(figures, 0.5));
const list = (figures: readonly number[]): string => figures.map((figure) => Math.round(figure)).join(", ");
console.log(`CPU of the server, µs per publish, load ${loadAverage()}`);
console.log(`with the request log:    ${median(on)} (${list(on)})`);
console.log(`without the request log: ${median(off)} (${list(off)})`);
console.log(`difference of each pair: ${list(on.map((figure, turn) => figure - off[turn]!))}`);
