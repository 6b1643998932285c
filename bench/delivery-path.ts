/**
 * Cost of whole deliveries on a running server, from the queued delivery to the stored outcome: CPU time of the server process for a
 * backlog to HTTP, SQS, Kafka, RabbitMQ and NATS, one by one and in batches, in one run. Publishing is not counted. The receiver and the
 * brokers are separate processes, whose CPU time is printed separately.
 *
 *     node --conditions=@posthorn/source bench/delivery-path.ts --messages 2000 --batch 100 --only http,nats
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { eventually, freePort, startServer } from "@posthorn/testkit";
import { isSkipped, startKafka, startNats, startRabbitMq, type TestProgram } from "@posthorn/testkit/counterparts";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "@nats-io/transport-node";
import { Admin } from "@platformatic/kafka";
import { connect as connectRabbitMq } from "amqplib";
import { monotonicMicros, type Span, threadShares } from "./lib/profile-share.ts";
import { threadUsage, type Usage, usageSince } from "./lib/thread-usage.ts";

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "2000" },
    batch: { type: "string", default: "100" },
    rounds: { type: "string", default: "5" },
    /** Warm-up rounds, in which connections are opened and V8 compiles the code. */
    "warm-up": { type: "string", default: "6" },
    /** Kinds to measure, separated by commas. */
    only: { type: "string", default: "http,sqs,nats,rabbitMq,kafka" },
    /** Measures only the paths whose name contains this text, such as "× 100". */
    match: { type: "string", default: "" },
    /** Folder for CPU profiles of the server's threads. Prints where each thread spent its time on each path. */
    profile: { type: "string" },
    /** Functions of each thread to print with a profile. */
    functions: { type: "string", default: "25" },
  },
});
const [MESSAGES, BATCH, ROUNDS] = [Number(values.messages), Number(values.batch), Number(values.rounds)];
const WARM_UP_ROUNDS = Number(values["warm-up"]);
const KINDS = new Set(values.only.split(","));
const PUBLISHED_TOGETHER = 100;
/** The server counts as idle after publishing when it uses less CPU time than this in an interval, or after this many intervals. */
const QUIET = { ms: 100, cpuUs: 5000, atMost: 30 } as const;
/** Receiver in a separate process. Responds to SQS requests with a result per entry, and to all others with 204. */
const RECEIVER = `require("node:http").createServer((request, response) => {
  if (request.headers["x-amz-target"] === undefined) return void request.resume().on("end", () => response.writeHead(204).end());
  let text = "";
  request.on("data", (chunk) => (text += chunk)).on("end", () => {
    const { Entries } = JSON.parse(text);
    response.end(JSON.stringify({ Successful: Entries.map(({ Id }) => ({ Id, MessageId: crypto.randomUUID() })), Failed: [] }));
  });
}).listen(Number(process.argv[1]), "127.0.0.1");`;

await using stack = new AsyncDisposableStack();
const server = stack.use(await startServer({ env: profileSettings(values.profile) }));
const port = await freePort();
const receiver = spawn(process.execPath, ["-e", RECEIVER, String(port)], { stdio: "ignore", detached: true });
stack.defer(async () => {
  receiver.kill("SIGKILL");
  await once(receiver, "exit");
});

interface Path {
  readonly name: string;
  readonly app: string;
  readonly endpoint: string;
  /** Process group of the receiver or broker. */
  readonly counterpart: number;
}

interface Cost {
  /** Microseconds per delivery. */
  readonly cpuUs: number;
  readonly threads: Usage;
  readonly counterpartUs: number;
  readonly perSecond: number;
  readonly span: Span;
}

const paths: Path[] = [];
if (KINDS.has("http")) await addPath("http", { url: `http://127.0.0.1:${port}/` }, receiver.pid!);
if (KINDS.has("sqs")) await addSqs();
if (KINDS.has("nats") && !isSkipped("nats")) await addNats();
if (KINDS.has("rabbitMq") && !isSkipped("rabbitmq")) await addRabbitMq();
if (KINDS.has("kafka") && !isSkipped("kafka")) await addKafka();

const best = new Map<string, Cost>();
const spans = new Map<string, Span[]>();
for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
  for (const path of paths) {
    const cost = await measure(path);
    const before = best.get(path.name);
    if (round < WARM_UP_ROUNDS) continue;
    spans.set(path.name, [...(spans.get(path.name) ?? []), cost.span]);
    if (before === undefined || cost.cpuUs < before.cpuUs) best.set(path.name, cost);
  }
}
console.log(`${MESSAGES} deliveries of 1 KiB from a backlog, best of ${ROUNDS} rounds, µs of CPU time per delivery`);
console.log("path            server  × http  × single    main connector  database  other | counterpart  a second");
for (const [name, cost] of best) console.log(lineOf(name, cost));
if (values.profile !== undefined) {
  // The profiles are written when the server exits.
  await stack.disposeAsync();
  for (const [name, measured] of spans) printShares(name, threadShares(values.profile, measured, MESSAGES * ROUNDS));
}

function lineOf(name: string, { cpuUs, threads, counterpartUs, perSecond }: Cost): string {
  const single = best.get(name.replace(/ × \d+$/, "")) ?? { cpuUs };
  const http = best.get("http");
  const part = (threadName: RegExp): number =>
    [...threads].reduce((sum, [thread, { cpuMicros }]) => (threadName.test(thread) ? sum + cpuMicros : sum), 0) /
    MESSAGES;
  const [main, connector, database] = [part(/^main$/), part(/^posthorn-connec/), part(/^posthorn-(?:writer|reader)/)];
  const cells: [text: string, width: number][] = [
    [cpuUs.toFixed(0), 6],
    [http === undefined ? "" : (cpuUs / http.cpuUs).toFixed(2), 8],
    [single.cpuUs === cpuUs ? "" : (cpuUs / single.cpuUs).toFixed(2), 10],
    [main.toFixed(0), 8],
    [connector.toFixed(0), 10],
    [database.toFixed(0), 10],
    [(cpuUs - main - connector - database).toFixed(0), 7],
    [`| ${counterpartUs.toFixed(0)}`, 14],
    [perSecond.toFixed(0), 10],
  ];
  return name.padEnd(16) + cells.map(([text, width]) => text.padStart(width)).join("");
}

/** Sampled time is elapsed time: on a busy machine, it includes waiting for a core. */
function printShares(name: string, shares: ReturnType<typeof threadShares>): void {
  for (const { thread, busy, functions } of shares) {
    console.log(
      `\n${name}, ${thread}: ${busy.toFixed(1)} µs per delivery; time of each function alone, and including its callees:`,
    );
    for (const { name: called, own, total } of functions.slice(0, Number(values.functions)))
      console.log(`${own.toFixed(2).padStart(8)} ${total.toFixed(2).padStart(8)}  ${called}`);
  }
}

function profileSettings(folder: string | undefined): Readonly<Record<string, string>> {
  // With the young generation limited here, the server does not restart its process, which would end the profile.
  const flags = `--max-semi-space-size=8 --cpu-prof --cpu-prof-interval=500 --cpu-prof-dir=${folder}`;
  return folder === undefined ? {} : { NODE_OPTIONS: flags };
}

/** @param batch Messages in a batch; absent: none. */
async function addPath(name: string, endpoint: object, counterpart: number, batch?: number): Promise<void> {
  if (!name.includes(values.match)) return;
  const app = (await call("POST", "/app", { name: "bench" }))["id"] as string;
  const id = (await call("POST", `/app/${app}/endpoint`, endpoint))["id"] as string;
  const policy = { breaker: { enabled: false }, ...(batch === undefined ? {} : { batch: { maxItems: batch } }) };
  await call("PATCH", `/app/${app}/endpoint/${id}/policy`, policy);
  paths.push({ name, app, endpoint: id, counterpart });
}

async function addKind(kind: string, batch: number, config: object, counterpart: number): Promise<void> {
  await addPath(kind, { kind, config }, counterpart);
  await addPath(`${kind} × ${batch}`, { kind, config }, counterpart, batch);
}

async function addSqs(): Promise<void> {
  const config = {
    queueUrl: `http://127.0.0.1:${port}/1/events`,
    region: "eu-central-1",
    accessKeyId: "AKIAEXAMPLE",
    secretAccessKey: "secret-access-key",
    endpointUrl: `http://127.0.0.1:${port}`,
  };
  await addKind("sqs", 10, config, receiver.pid!);
}

async function addNats(): Promise<void> {
  const { port: natsPort, program } = stack.use(await startNats("", "2m"));
  const connection = await connectNats({ servers: `127.0.0.1:${natsPort}` });
  await (await jetstreamManager(connection)).streams.add({ name: "events", subjects: ["events"] });
  await connection.close();
  await addKind("nats", BATCH, { servers: `127.0.0.1:${natsPort}`, subject: "events", tls: false }, groupOf(program));
}

async function addRabbitMq(): Promise<void> {
  const { url, program } = stack.use(await startRabbitMq());
  const connection = await connectRabbitMq(url);
  await (await connection.createChannel()).assertQueue("events", { durable: true, maxLength: 5000 });
  await connection.close();
  await addKind("rabbitMq", BATCH, { uri: url, routingKey: "events" }, groupOf(program));
}

async function addKafka(): Promise<void> {
  const { plain, program } = stack.use(await startKafka());
  const admin = new Admin({ clientId: "bench", bootstrapBrokers: [plain] });
  await eventually(() => admin.createTopics({ topics: ["events"] }));
  await admin.close();
  await addKind("kafka", BATCH, { brokers: plain, topic: "events", tls: false }, groupOf(program));
}

function groupOf({ group }: TestProgram): number {
  return group!;
}

async function measure({ app, endpoint, counterpart }: Path): Promise<Cost> {
  await call("POST", `/app/${app}/endpoint/${endpoint}/pause`, {});
  for (let published = 0; published < MESSAGES; published += PUBLISHED_TOGETHER) {
    const messages = Array.from({ length: PUBLISHED_TOGETHER }, () => ({
      eventType: "invoice.paid",
      payload: { data: "x".repeat(1000) },
    }));
    await call("POST", `/app/${app}/msg/batch`, { messages });
  }
  await quiet();
  const before = threadUsage(server.pid);
  const counterpartBefore = groupCpu(counterpart);
  const from = monotonicMicros();
  await call("POST", `/app/${app}/endpoint/${endpoint}/resume`, {});
  await drained();
  const span = { from, to: monotonicMicros() };
  const threads = usageSince(before, threadUsage(server.pid));
  return {
    cpuUs: sumOf(threads) / MESSAGES,
    threads,
    counterpartUs: (groupCpu(counterpart) - counterpartBefore) / MESSAGES,
    perSecond: (MESSAGES / (span.to - span.from)) * 1_000_000,
    span,
  };
}

/** Waits until the server has nothing to do. */
async function quiet(): Promise<void> {
  let last = sumOf(threadUsage(server.pid));
  for (let interval = 0; interval < QUIET.atMost; interval++) {
    await delay(QUIET.ms);
    const now = sumOf(threadUsage(server.pid));
    if (now - last < QUIET.cpuUs) return;
    last = now;
  }
}

function sumOf(usage: Usage): number {
  return [...usage.values()].reduce((sum, { cpuMicros }) => sum + cpuMicros, 0);
}

/** CPU time of the processes of a group, in microseconds. */
function groupCpu(group: number): number {
  let sum = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const isMember = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]) === group;
      if (isMember) sum += sumOf(threadUsage(Number(pid)));
    } catch {
      // The process has exited.
    }
  }
  return sum;
}

/** Waits until no delivery is pending. */
async function drained(): Promise<void> {
  using db = new DatabaseSync(join(server.dataDir, "posthorn.db"), { readOnly: true });
  const pending = db.prepare("SELECT count(*) AS count FROM delivery WHERE due IS NOT NULL");
  while ((pending.get() as { readonly count: number }).count > 0) await delay(10);
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
