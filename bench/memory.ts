/**
 * Memory and start of the built server: time and CPU until it is ready, memory at rest, under load and afterwards, and what wakes it while
 * it is idle.
 *
 *     npm run bench:memory -- --tree ../other --seconds 20 --rest 60
 *
 * `--tree` also measures the builds of other working trees; `--node` passes flags to Node; `--fan` sets the number of endpoints that each
 * event is delivered to. Linux only.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { ThreadHeap } from "./lib/heap-probe.ts";
import { organisationToken, startMeasuredNode } from "./lib/node-api.ts";
import { cpuSeconds, loadAverage, nextMessage, startModule, stop } from "./lib/processes.ts";
import type { Job, Published } from "./lib/publisher.ts";
import { threadUsage, usageSince } from "./lib/thread-usage.ts";

const { values } = parseArgs({
  options: {
    tree: { type: "string", multiple: true, default: [] },
    node: { type: "string", multiple: true, default: [] },
    connections: { type: "string", default: "64" },
    seconds: { type: "string", default: "20" },
    fan: { type: "string", default: "1" },
    rest: { type: "string", default: "60" },
    after: { type: "string", default: "30" },
    observed: { type: "string", default: "20" },
    heaps: { type: "boolean", default: false },
  },
});
const seconds = Number(values.seconds);
const fan = Number(values.fan);
const env = { POSTHORN_ENDPOINT_CONCURRENCY: "64" };
const MIB = 1024 * 1024;

interface Memory {
  /** Proportional set size: pages shared with other processes, such as those of the Node binary, count in part. */
  readonly pss: number;
  readonly anonymous: number;
  /** Resident set size: as if no page were shared with another process. */
  readonly rss: number;
}

function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const mib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)![1]) / 1024;
  return { pss: mib("Pss"), anonymous: mib("Pss_Anon"), rss: mib("Rss") };
}

function show(what: string, { pss, anonymous, rss }: Memory): void {
  console.log(
    `${what.padEnd(34)} ${pss.toFixed(0).padStart(5)} MiB PSS, ${anonymous.toFixed(0)} anonymous, ${rss.toFixed(0)} RSS`,
  );
}

/**
 * Loads the server for `seconds`, and prints the largest memory and the CPU time per delivery.
 * @param underLoad Called shortly before the end of the load.
 */
async function load(
  node: Awaited<ReturnType<typeof startMeasuredNode>>,
  underLoad: () => void = () => undefined,
): Promise<void> {
  const receiver = startModule("receiver.ts");
  const { port } = await nextMessage<{ port: number }>(receiver);
  for (let index = 0; index < fan; index++)
    await node.call("POST", "app/bench/endpoint", { url: `http://127.0.0.1:${port}/${index}` });
  const publisher = startModule("publisher.ts");
  const pid = node.node.child.pid!;
  const cpuBefore = cpuSeconds(pid);
  const job: Job = {
    origin: node.node.url,
    paths: ["/api/v1/app/bench/msg?with_content=false"],
    token: organisationToken(),
    requests: { kind: "publish" },
    connections: Number(values.connections),
    seconds,
  };
  publisher.send(job);
  const finished = nextMessage<Published>(publisher);
  let peak = memoryOf(pid);
  for (const until = performance.now() + seconds * 1000; performance.now() < until;) {
    await delay(500);
    const now = memoryOf(pid);
    if (now.pss > peak.pss) peak = now;
    if (until - performance.now() < 1000) underLoad();
  }
  const { accepted } = await finished;
  for (let received = 0; received < accepted * fan;) {
    await delay(200);
    receiver.send("count");
    ({ received } = await nextMessage<{ received: number }>(receiver));
  }
  const cpu = cpuSeconds(pid) - cpuBefore;
  show(`under load, ${accepted} events`, peak);
  console.log(`${"CPU per delivery".padEnd(34)} ${((cpu / (accepted * fan)) * 1e6).toFixed(0).padStart(5)} µs`);
  await Promise.all([stop(publisher), stop(receiver)]);
}

async function rest(pid: number): Promise<void> {
  const before = threadUsage(pid);
  await delay(Number(values.observed) * 1000);
  const usage = usageSince(before, threadUsage(pid));
  let total = 0;
  const wakeUps = [...usage].filter(([, thread]) => thread.wakeUps > 0);
  for (const { cpuMicros } of usage.values()) total += cpuMicros;
  const share = total / 1e4 / Number(values.observed);
  console.log(`${"CPU at rest".padEnd(34)} ${share.toFixed(2).padStart(5)} %`);
  const rates = wakeUps.map(([name, thread]) => `${name} ${(thread.wakeUps / Number(values.observed)).toFixed(1)}`);
  console.log(`${"wake-ups per second".padEnd(34)} ${rates.join(", ")}`);
}

async function measure(tree: string): Promise<void> {
  console.log(`\n${tree} (load ${loadAverage()})`);
  const begun = performance.now();
  await using measured = await startMeasuredNode(env, { tree, nodeFlags: values.node });
  const pid = measured.node.child.pid!;
  console.log(`${"ready".padEnd(34)} ${(performance.now() - begun).toFixed(0).padStart(5)} ms`);
  console.log(`${"CPU until ready".padEnd(34)} ${(cpuSeconds(pid) * 1000).toFixed(0).padStart(5)} ms`);
  console.log(`${"threads".padEnd(34)} ${String(readdirSync(`/proc/${pid}/task`).length).padStart(5)}`);
  await delay(Math.min(10, Number(values.rest)) * 1000);
  show(`after ${Math.min(10, Number(values.rest))} s`, memoryOf(pid));
  await delay(Math.max(0, Number(values.rest) - 10) * 1000);
  show(`after ${values.rest} s at rest`, memoryOf(pid));
  await rest(pid);
  if (seconds === 0) return;
  await load(measured);
  await delay(Number(values.after) * 1000);
  show(`${values.after} s after the load`, memoryOf(pid));
}

/** The probe itself loads modules and wakes threads, so the heaps are measured in a separate process. */
async function heaps(tree: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-heaps-"));
  try {
    await using measured = await startMeasuredNode(
      { ...env, BENCH_HEAPS: folder },
      { tree, nodeFlags: values.node, preload: "heap-probe.ts" },
    );
    await delay(5000);
    const write = (): void => void measured.node.child.kill("SIGUSR2");
    if (seconds > 0) await load(measured, write);
    else write();
    await delay(2000);
    console.log("| thread | modules | source MiB | young | old | used | external | array buffers |");
    console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
      const heap = JSON.parse(readFileSync(join(folder, file), "utf8")) as ThreadHeap;
      const { name, modules, ...bytes } = heap;
      const mibs = Object.values(bytes).map((count) => (count / MIB).toFixed(1));
      console.log(`| ${name} | ${modules} | ${mibs.join(" | ")} |`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const own = fileURLToPath(new URL("..", import.meta.url));
for (const tree of [own, ...values.tree]) await (values.heaps ? heaps : measure)(tree);
