/**
 * Cost of whole deliveries on a running server, from the queued delivery to the stored outcome: CPU time of the server process for a backlog to
 * HTTP, SQS, Kafka, RabbitMQ and NATS, one by one and in batches, in one run. Publishing is not counted.
 *
 *     node --conditions=@posthorn/source bench/delivery-path.ts --messages 2000 --batch 100
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { eventually, freePort, startServer } from "@posthorn/testkit";
import { isSkipped, startKafka, startNats, startRabbitMq } from "@posthorn/testkit/counterparts";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "@nats-io/transport-node";
import { Admin } from "@platformatic/kafka";
import { connect as connectRabbitMq } from "amqplib";
import { threadUsage } from "./lib/thread-usage.ts";

const { values } = parseArgs({
  options: { messages: { type: "string", default: "2000" }, batch: { type: "string", default: "100" } },
});
const [MESSAGES, BATCH] = [Number(values.messages), Number(values.batch)];
const ROUNDS = 3;
const PUBLISHED_TOGETHER = 100;
/** Responds to every request: to those of SQS with a result per entry, and to others with 204. In a process of its own. */
const RECEIVER = `require("node:http").createServer((request, response) => {
  if (request.headers["x-amz-target"] === undefined) return void request.resume().on("end", () => response.writeHead(204).end());
  let text = "";
  request.on("data", (chunk) => (text += chunk)).on("end", () => {
    const { Entries } = JSON.parse(text);
    response.end(JSON.stringify({ Successful: Entries.map(({ Id }) => ({ Id, MessageId: crypto.randomUUID() })), Failed: [] }));
  });
}).listen(Number(process.argv[1]), "127.0.0.1");`;

await using stack = new AsyncDisposableStack();
const server = stack.use(await startServer());
const port = await freePort();
const receiver = spawn(process.execPath, ["-e", RECEIVER, String(port)], { stdio: "ignore" });
stack.defer(async () => {
  receiver.kill("SIGKILL");
  await once(receiver, "exit");
});

interface Path {
  readonly name: string;
  readonly endpoint: object;
  /** Messages in a batch; absent: none. */
  readonly batch?: number;
}

const paths: Path[] = [{ name: "http", endpoint: { url: `http://127.0.0.1:${port}/` } }];
add("sqs", 10, {
  queueUrl: `http://127.0.0.1:${port}/1/events`,
  region: "eu-central-1",
  accessKeyId: "AKIAEXAMPLE",
  secretAccessKey: "secret-access-key",
  endpointUrl: `http://127.0.0.1:${port}`,
});
if (!isSkipped("nats")) await addNats();
if (!isSkipped("rabbitmq")) await addRabbitMq();
if (!isSkipped("kafka")) await addKafka();

const best = new Map<string, { readonly cpuUs: number; readonly perSecond: number }>();
// The first round compiles the code and opens the connections.
for (let round = 0; round <= ROUNDS; round++) {
  for (const path of paths) {
    const result = await measure(path);
    const before = best.get(path.name);
    if (round > 0 && (before === undefined || result.cpuUs < before.cpuUs)) best.set(path.name, result);
  }
}
const http = best.get("http")!;
console.log(`${MESSAGES} deliveries of 1 KiB from a backlog, best of ${ROUNDS} rounds`);
for (const [name, { cpuUs, perSecond }] of best) {
  const ratio = (cpuUs / http.cpuUs).toFixed(2);
  console.log(
    `${name.padEnd(16)}${cpuUs.toFixed(0).padStart(6)} µs CPU  ${ratio} × http  ${perSecond.toFixed(0).padStart(7)} a second`,
  );
}

function add(kind: string, batch: number, config: object): void {
  paths.push(
    { name: kind, endpoint: { kind, config } },
    { name: `${kind} × ${batch}`, endpoint: { kind, config }, batch },
  );
}

async function addNats(): Promise<void> {
  const { port: natsPort } = stack.use(await startNats("", "2m"));
  const connection = await connectNats({ servers: `127.0.0.1:${natsPort}` });
  await (await jetstreamManager(connection)).streams.add({ name: "events", subjects: ["events"] });
  await connection.close();
  add("nats", BATCH, { servers: `127.0.0.1:${natsPort}`, subject: "events", tls: false });
}

async function addRabbitMq(): Promise<void> {
  const { url } = stack.use(await startRabbitMq());
  const connection = await connectRabbitMq(url);
  await (await connection.createChannel()).assertQueue("events", { durable: true });
  await connection.close();
  add("rabbitMq", BATCH, { uri: url, routingKey: "events" });
}

async function addKafka(): Promise<void> {
  const { plain } = stack.use(await startKafka());
  const admin = new Admin({ clientId: "bench", bootstrapBrokers: [plain] });
  await eventually(() => admin.createTopics({ topics: ["events"] }));
  await admin.close();
  add("kafka", BATCH, { brokers: plain, topic: "events", tls: false });
}

async function measure({ endpoint, batch }: Path): Promise<{ readonly cpuUs: number; readonly perSecond: number }> {
  const app = (await call("POST", "/app", { name: "bench" }))["id"] as string;
  const { id } = await call("POST", `/app/${app}/endpoint`, endpoint);
  const policy = { breaker: { enabled: false }, ...(batch === undefined ? {} : { batch: { maxItems: batch } }) };
  await call("PATCH", `/app/${app}/endpoint/${id as string}/policy`, policy);
  await call("POST", `/app/${app}/endpoint/${id as string}/pause`, {});
  for (let published = 0; published < MESSAGES; published += PUBLISHED_TOGETHER) {
    const messages = Array.from({ length: PUBLISHED_TOGETHER }, () => ({
      eventType: "invoice.paid",
      payload: { data: "x".repeat(1000) },
    }));
    await call("POST", `/app/${app}/msg/batch`, { messages });
  }
  const cpuBefore = cpuOf(server.pid);
  const startedAt = performance.now();
  await call("POST", `/app/${app}/endpoint/${id as string}/resume`, {});
  await drained();
  return {
    cpuUs: (cpuOf(server.pid) - cpuBefore) / MESSAGES,
    perSecond: (MESSAGES / (performance.now() - startedAt)) * 1000,
  };
}

function cpuOf(pid: number): number {
  return [...threadUsage(pid).values()].reduce((sum, { cpuMicros }) => sum + cpuMicros, 0);
}

/** Waits until no delivery is pending. */
async function drained(): Promise<void> {
  using db = new DatabaseSync(join(server.dataDir, "posthorn.db"), { readOnly: true });
  const pending = db.prepare("SELECT count(*) AS count FROM delivery WHERE due IS NOT NULL");
  while ((pending.get() as { readonly count: number }).count > 0)
    await new Promise((resolve) => setTimeout(resolve, 10));
}

async function call(method: string, path: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} ${response.status}: ${text}`);
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}
