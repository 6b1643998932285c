/**
 * Sending, end to end: publish over HTTP → store → sign → deliver → record, against a bare forwarder in the same run.
 *
 *     npm run bench:send -- --seconds 5 --rounds 3 --connections 64
 *
 * CPU is what the process of the server used, all threads, from the first publish until the last event arrived.
 */
import type { ChildProcess } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cpuSeconds, nextMessage, residentMib, startModule, startNode, stop } from "./lib/processes.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", default: "64" },
    endpoints: { type: "string", default: "1" },
    profile: { type: "string" },
  },
});
const SECONDS = Number(values.seconds);
const ROUNDS = Number(values.rounds);
const CONNECTIONS = Number(values.connections);
const ENDPOINTS = Number(values.endpoints);
const SECRET = "bench-secret-bench-secret-bench-secret";

interface Measured {
  readonly eventsPerSecond: number;
  readonly cpuMicros: number;
  readonly p50: number;
  readonly p99: number;
  readonly mib: number;
}

interface Published {
  readonly accepted: number;
  readonly refused: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
}

/** Events of earlier measurements, as the receiver has counted them. */
let base = 0;

const receiver = startModule("receiver.ts");
const { port: receiverPort } = await nextMessage<{ port: number }>(receiver);
const target = `http://127.0.0.1:${receiverPort}`;
const results: { forwarder: Measured[]; posthorn: Measured[] } = { forwarder: [], posthorn: [] };
for (let round = 0; round < ROUNDS; round++) {
  results.forwarder.push(await measureForwarder());
  results.posthorn.push(await measurePosthorn());
}
await stop(receiver);
report();

async function measureForwarder(): Promise<Measured> {
  const forwarder = startModule("forwarder.ts", [target]);
  const { port } = await nextMessage<{ port: number }>(forwarder);
  return measure(forwarder, `http://127.0.0.1:${port}`, "/", "none", 1);
}

async function measurePosthorn(): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
  try {
    const env = {
      POSTHORN_LISTEN: "127.0.0.1:0",
      POSTHORN_DATA_DIR: folder,
      POSTHORN_JWT_SECRET: SECRET,
      POSTHORN_EGRESS_ALLOW: "external,loopback",
      POSTHORN_ENDPOINT_CONCURRENCY: "64",
    };
    const { child: node, url: origin } = await startNode(env, values.profile);
    const token = organisationToken();
    const { id } = await post(origin, token, "/api/v1/app", { name: "Bench" });
    for (let i = 0; i < ENDPOINTS; i++) {
      await post(origin, token, `/api/v1/app/${id}/endpoint`, { url: `${target}/${i}` });
    }
    return await measure(node, origin, `/api/v1/app/${id}/msg?with_content=false`, token, ENDPOINTS);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  server: ChildProcess,
  origin: string,
  path: string,
  token: string,
  fan: number,
): Promise<Measured> {
  const publisher = startModule("publisher.ts");
  const publish = async (seconds: number): Promise<Published> => {
    publisher.send({ origin, path, token, connections: CONNECTIONS, seconds });
    return nextMessage<Published>(publisher);
  };
  const warmUp = await publish(1);
  await arrived(warmUp.accepted * fan);
  const cpuBefore = cpuSeconds(server.pid!);
  const startedAt = performance.now();
  const published = await publish(SECONDS);
  await arrived(published.accepted * fan);
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = cpuSeconds(server.pid!) - cpuBefore;
  const mib = residentMib(server.pid!);
  await stop(publisher);
  await stop(server);
  if (published.refused > 0) throw new Error(`${published.refused} events were refused`);
  const { p50, p99, accepted } = published;
  return { eventsPerSecond: accepted / seconds, cpuMicros: (cpu / accepted) * 1e6, p50, p99, mib };
}

/** Waits until the receiver has `count` more than before. */
async function arrived(count: number): Promise<void> {
  for (;;) {
    receiver.send("count");
    const { received } = await nextMessage<{ received: number }>(receiver);
    if (received - base >= count) {
      base = received;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function post(origin: string, token: string, path: string, body: object): Promise<{ id: string }> {
  const response = await fetch(origin + path, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as { id: string };
}

function organisationToken(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const unsigned = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: `org_${"b".repeat(27)}` })}`;
  return `${unsigned}.${createHmac("sha256", SECRET).update(unsigned).digest("base64url")}`;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

function report(): void {
  const row = (name: string, runs: readonly Measured[]): string => {
    const of = (pick: (run: Measured) => number, digits: number): string => median(runs.map(pick)).toFixed(digits);
    const cpus = runs.map((run) => run.cpuMicros.toFixed(0)).join(", ");
    return `| ${name} | ${of((run) => run.eventsPerSecond, 0)} | ${of((run) => run.cpuMicros, 1)} (${cpus}) | ${of((run) => run.p50, 1)} | ${of((run) => run.p99, 1)} | ${of((run) => run.mib, 0)} |`;
  };
  const ratio = (pick: (run: Measured) => number): number =>
    median(results.posthorn.map(pick)) / median(results.forwarder.map(pick));
  console.log(
    `\n${ROUNDS} rounds of ${SECONDS} s, ${CONNECTIONS} connections, ${ENDPOINTS} endpoint(s), payloads of 1 KiB\n`,
  );
  console.log("| | events/s | CPU µs/event (each round) | publish p50 ms | p99 ms | MiB |");
  console.log("| --- | --- | --- | --- | --- | --- |");
  console.log(row("bare forwarder", results.forwarder));
  console.log(row("posthorn", results.posthorn));
  console.log(`\nposthorn / forwarder: ${ratio((run) => run.eventsPerSecond).toFixed(2)} of the events a second,`);
  console.log(`${(1 / ratio((run) => run.cpuMicros)).toFixed(2)} of its events for the same CPU`);
}
