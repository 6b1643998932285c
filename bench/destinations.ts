/**
 * Costs of sending to SQS, Kafka, RabbitMQ and NATS, one by one and in batches, compared with HTTP requests in the same run: CPU time of this
 * process with its threads, and messages per second. `bench/delivery-path.ts` measures whole deliveries.
 *
 *     npm run bench:destinations -- --messages 5000 --concurrency 64 --batch 100
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { Egress, parseAllowList } from "@posthorn/egress";
import { eventually, freePort } from "@posthorn/testkit";
import { isSkipped, startKafka, startNats, startRabbitMq } from "@posthorn/testkit/counterparts";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "@nats-io/transport-node";
import { Admin } from "@platformatic/kafka";
import { connect as connectRabbitMq } from "amqplib";
import { Connector } from "../packages/posthorn/src/destinations/connections/connector.ts";
import { vetWith } from "../packages/posthorn/src/destinations/connections/vet.ts";
import type { KindConfig, KindMessage } from "../packages/posthorn/src/destinations/kind.ts";
import { DESTINATION_KINDS } from "../packages/posthorn/src/destinations/kinds.ts";

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "5000" },
    concurrency: { type: "string", default: "64" },
    bytes: { type: "string", default: "1024" },
    batch: { type: "string", default: "100" },
  },
});
const [MESSAGES, CONCURRENCY, BYTES] = [Number(values.messages), Number(values.concurrency), Number(values.bytes)];
const BATCH = Number(values.batch);
/** Batches in flight. */
const BATCHES = 4;
const ROUNDS = 3;
const TIMEOUT_MS = 60_000;
/** Receiver in a separate process. Responds to every request with 204. */
const RECEIVER = `require("node:http").createServer((request, response) => {
  request.resume().on("end", () => response.writeHead(204).end());
}).listen(Number(process.argv[1]), "127.0.0.1");`;

interface Path {
  readonly name: string;
  /** Messages in one call; absent: 1. */
  readonly batch?: number;
  send(messages: readonly KindMessage[]): Promise<void>;
}

const { signal } = new AbortController();
await using stack = new AsyncDisposableStack();
const egress = stack.use(new Egress({ allow: parseAllowList("loopback") }));
const connector = stack.use(new Connector({ vet: vetWith(egress), onError: (error) => console.error(error) }));
const paths: Path[] = [await httpPath()];
if (!isSkipped("nats")) paths.push(...inBatches(await natsPath()));
if (!isSkipped("rabbitmq")) paths.push(...inBatches(await rabbitMqPath()));
if (!isSkipped("kafka")) paths.push(...inBatches(await kafkaPath()));

// The first round is a warm-up: it compiles the code and opens the connections.
for (const path of paths) await measure(path);
const best = new Map<string, { readonly cpuUs: number; readonly perSecond: number }>();
for (let round = 0; round < ROUNDS; round++) {
  for (const path of paths) {
    const result = await measure(path);
    const before = best.get(path.name);
    if (before === undefined || result.cpuUs < before.cpuUs) best.set(path.name, result);
  }
}
const http = best.get("http")!;
console.log(`${MESSAGES} messages of ${BYTES} bytes, ${CONCURRENCY} at once, best of ${ROUNDS} rounds`);
for (const [name, { cpuUs, perSecond }] of best) {
  const ratio = (cpuUs / http.cpuUs).toFixed(2);
  console.log(
    `${name.padEnd(16)}${cpuUs.toFixed(0).padStart(6)} µs CPU  ${ratio} × http  ${perSecond.toFixed(0).padStart(7)} a second`,
  );
}

async function measure({ send, batch = 1 }: Path): Promise<{ readonly cpuUs: number; readonly perSecond: number }> {
  const body = Buffer.alloc(BYTES, "a");
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  let left = MESSAGES;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      const count = Math.min(batch, left);
      left -= count;
      await send(Array.from({ length: count }, () => messageOf(body)));
    }
  };
  await Promise.all(Array.from({ length: batch === 1 ? CONCURRENCY : BATCHES }, worker));
  const { user, system } = process.cpuUsage(cpu);
  return { cpuUs: (user + system) / MESSAGES, perSecond: (MESSAGES / (performance.now() - startedAt)) * 1000 };
}

function messageOf(body: Uint8Array): KindMessage {
  const id = `msg_${crypto.randomUUID()}`;
  return {
    id,
    eventType: "invoice.paid",
    eventId: null,
    orderingKey: null,
    channels: [],
    createdAt: Date.now(),
    contentType: "application/json",
    body,
    attributes: [
      ["webhook-id", id],
      ["webhook-timestamp", "1767323045"],
      ["webhook-signature", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="],
    ],
    isTest: false,
  };
}

async function httpPath(): Promise<Path> {
  const port = await freePort();
  const receiver = spawn(process.execPath, ["-e", RECEIVER, String(port)], { stdio: "ignore" });
  stack.defer(async () => {
    receiver.kill("SIGKILL");
    await once(receiver, "exit");
  });
  const url = `http://127.0.0.1:${port}/`;
  const send = async ([message]: readonly KindMessage[]): Promise<void> => {
    const { attributes, body } = message!;
    const headers = ["content-type", "application/json", ...attributes.flat()];
    const result = await egress.send({
      method: "POST",
      url,
      headers,
      body,
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes: 1000,
    });
    if (result.kind !== "response") throw new Error(result.message);
  };
  await eventually(() => send([messageOf(Buffer.from("{}"))]));
  return { name: "http", send };
}

function over(kind: string, given: Readonly<Record<string, unknown>>): Path {
  const fields = Object.entries(DESTINATION_KINDS[kind]!.fields);
  const config = Object.fromEntries(
    fields.map(([name, field]) => [name, given[name] ?? field.default ?? null]),
  ) as KindConfig;
  return {
    name: kind,
    send: async (messages) => {
      const base = { kind, config, tenant: 1, allow: null, timeoutMs: TIMEOUT_MS, signal, maySend: () => true };
      const result = await connector.send({ ...base, messages });
      if (result.kind !== "items" || result.results.some((one) => one.kind !== "ok"))
        throw new Error(JSON.stringify(result));
    },
  };
}

/** The path with one message per call, and with several. */
function inBatches({ name, send }: Path): readonly Path[] {
  return [
    { name, send },
    { name: `${name} × ${BATCH}`, send, batch: BATCH },
  ];
}

async function natsPath(): Promise<Path> {
  const { port } = stack.use(await startNats("", "2m"));
  const connection = await connectNats({ servers: `127.0.0.1:${port}` });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: "events", subjects: ["events"] });
  await connection.close();
  return over("nats", { servers: `127.0.0.1:${port}`, subject: "events", tls: false });
}

async function rabbitMqPath(): Promise<Path> {
  const { url } = stack.use(await startRabbitMq());
  const connection = await connectRabbitMq(url);
  await (await connection.createChannel()).assertQueue("events", { durable: true, maxLength: 5000 });
  await connection.close();
  return over("rabbitMq", { uri: url, routingKey: "events" });
}

async function kafkaPath(): Promise<Path> {
  const { plain } = stack.use(await startKafka());
  const admin = new Admin({ clientId: "bench", bootstrapBrokers: [plain] });
  await admin.createTopics({ topics: ["events"] });
  await admin.close();
  const path = over("kafka", { brokers: plain, topic: "events", tls: false });
  await eventually(() => path.send([messageOf(Buffer.from("{}"))]));
  return path;
}
