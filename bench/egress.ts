/**
 * Compares `@posthorn/egress`, with its built-in HTTP client and with undici, to bare `undici`, `node:http` and `fetch`:
 * requests per second and CPU time per request, over 1, 500 and 5,000 origins, http and https. Each client runs in its own process, in turn, because code warmed up by one client would
 * slow another one down. See README.md in this folder.
 *
 *     npm run bench:egress -- --seconds 4 --rounds 3
 *     npm run bench:egress -- --seconds 1 --case "http, 1 origin"
 */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { Egress, parseAllowList } from "@posthorn/egress";
import type { NameService } from "@posthorn/egress";
import { parseArgs } from "node:util";
import { Agent, Client, fetch, Pool } from "undici";
import type { Dispatcher } from "undici";
import { parseAddress } from "../packages/egress/src/address/bytes.ts";
import { checkAddress, parseNat64 } from "../packages/egress/src/address/check.ts";
import { nextMessage } from "./lib/processes.ts";

interface Receiver {
  readonly http: number;
  readonly https: number;
  readonly ca: string;
}

/** Sends one request to the origin with this number. */
type Send = (index: number) => Promise<void>;
interface Contender {
  readonly send: Send;
  close(): Promise<void>;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
    case: { type: "string" },
  },
});
const SECONDS = Number(values.seconds);
const ROUNDS = Number(values.rounds);
const CONCURRENCY = 64;
const BODY = Buffer.from(JSON.stringify({ data: "x".repeat(1000) }));
const HEADERS = [
  "content-type",
  "application/json",
  "user-agent",
  "bench",
  "webhook-id",
  "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
  "webhook-timestamp",
  "1700000000",
  "webhook-signature",
  "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
];

/**
 * Resolves every name to this machine, so that one receiver stands in for thousands of origins. Only loopback is
 * called.
 */
const everyName: NameService = {
  query: (_host, family) => Promise.resolve({ addresses: family === 4 ? ["127.0.0.1"] : [], ttl: 300 }),
  probe: () => Promise.resolve(),
  system: () => Promise.resolve(["127.0.0.1"]),
  cancel: () => {},
};
const lookup = (_host: string, options: { all?: boolean }, callback: (...args: unknown[]) => void) =>
  options.all === true ? callback(null, [{ address: "127.0.0.1", family: 4 }]) : callback(null, "127.0.0.1", 4);

function originsOf(count: number, secure: boolean, receiver: Receiver): string[] {
  const scheme = secure ? "https" : "http";
  return Array.from(
    { length: count },
    (_none, index) => `${scheme}://h${index}.bench.posthorn.dev:${secure ? receiver.https : receiver.http}`,
  );
}

function egressContender(client: "builtin" | "undici", origins: readonly string[], receiver: Receiver): Contender {
  const egress = new Egress({
    client,
    allow: parseAllowList("loopback"),
    nameService: everyName,
    tls: { ca: receiver.ca },
    maxSockets: 10_000,
    maxSocketsPerOrigin: CONCURRENCY,
    keepAliveMs: 600_000,
  });
  const urls = origins.map((origin) => `${origin}/hook`);
  // Like the dispatcher, which cancels all attempts when it stops.
  const { signal } = new AbortController();
  return {
    send: async (index) => {
      const result = await egress.send({
        method: "POST",
        url: urls[index]!,
        headers: HEADERS,
        body: BODY,
        timeoutMs: 15_000,
        maxResponseBytes: 65_536,
        signal,
      });
      if (result.kind === "error") throw new Error(`${result.code}: ${result.detail}`);
    },
    close: () => egress.close(),
  };
}

/** A careful sender with bare undici: one pool per origin, header arrays, `dispatch`, status and body kept. */
function undiciContender(origins: readonly string[], receiver: Receiver): Contender {
  const pools = origins.map(
    (origin) =>
      new Pool(origin, {
        connections: CONCURRENCY,
        allowH2: false,
        keepAliveTimeout: 600_000,
        connect: { lookup, ca: receiver.ca } as object,
      }),
  );
  return {
    send: (index) =>
      new Promise((resolve, reject) => {
        const chunks: Buffer[] = [];
        const handler: Dispatcher.DispatchHandler = {
          onRequestStart: () => {},
          onResponseStart: () => {},
          onResponseData: (_controller, chunk) => void chunks.push(chunk),
          onResponseEnd: () => resolve(),
          onResponseError: (_controller, error) => reject(error),
        };
        pools[index]!.dispatch({ method: "POST", path: "/hook", headers: HEADERS, body: BODY }, handler);
      }),
    close: async () => void (await Promise.all(pools.map((pool) => pool.close()))),
  };
}

function nodeHttpContender(origins: readonly string[], receiver: Receiver): Contender {
  const options = { keepAlive: true, maxSockets: CONCURRENCY, lookup, ca: receiver.ca };
  const isSecure = origins[0]!.startsWith("https:");
  const agent = isSecure ? new HttpsAgent(options as object) : new HttpAgent(options as object);
  const open = isSecure ? httpsRequest : httpRequest;
  const headers = [...HEADERS, "content-length", String(BODY.length)];
  return {
    send: (index) =>
      new Promise((resolve, reject) => {
        const chunks: Buffer[] = [];
        const url = new URL(`${origins[index]}/hook`);
        const request = open(url, { method: "POST", agent, headers: [...headers, "host", url.host] }, (response) => {
          response.on("data", (chunk: Buffer) => void chunks.push(chunk));
          response.on("end", () => resolve());
        });
        request.on("error", reject);
        request.end(BODY);
      }),
    close: async () => agent.destroy(),
  };
}

function fetchContender(origins: readonly string[], receiver: Receiver): Contender {
  const agent = new Agent({
    connections: CONCURRENCY,
    allowH2: false,
    keepAliveTimeout: 600_000,
    connect: { lookup, ca: receiver.ca } as object,
  });
  const headers = Object.fromEntries(
    Array.from({ length: HEADERS.length / 2 }, (_none, at) => [HEADERS[at * 2]!, HEADERS[at * 2 + 1]!]),
  );
  return {
    send: async (index) => {
      const response = await fetch(`${origins[index]}/hook`, {
        method: "POST",
        headers,
        body: BODY,
        dispatcher: agent,
        redirect: "manual",
      });
      await response.arrayBuffer();
    },
    close: () => agent.close(),
  };
}

interface Figure {
  readonly rate: number;
  readonly micros: number;
}

async function drive(send: Send, origins: number, until: (done: number) => boolean): Promise<Figure> {
  let next = 0;
  let done = 0;
  const cpu = process.cpuUsage();
  const started = performance.now();
  const worker = async () => {
    while (!until(done)) {
      await send(next++ % origins);
      done++;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  const used = process.cpuUsage(cpu);
  return { rate: (done / (performance.now() - started)) * 1000, micros: (used.user + used.system) / done };
}

const median = (figures: readonly number[]) => [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)]!;

/** Opens one connection per request, to measure DNS, the checked dial, and the second check of the socket. */
function newConnections(kind: "undici" | "builtin" | "bare", receiver: Receiver): Contender {
  const url = `http://h0.bench.posthorn.dev:${receiver.http}/hook`;
  if (kind === "bare") {
    return {
      send: async () => {
        const client = new Client(new URL(url).origin, { allowH2: false, connect: { lookup } as object });
        await (
          await client.request({ method: "POST", path: "/hook", headers: HEADERS, body: BODY })
        ).body.arrayBuffer();
        await client.destroy();
      },
      close: async () => {},
    };
  }
  const egress = new Egress({
    client: kind,
    allow: parseAllowList("loopback"),
    nameService: everyName,
    maxSocketAgeMs: -1,
  });
  return {
    send: async () => {
      const result = await egress.send({
        method: "POST",
        url,
        headers: HEADERS,
        body: BODY,
        timeoutMs: 15_000,
        maxResponseBytes: 65_536,
      });
      if (result.kind === "error") throw new Error(result.detail);
    },
    close: () => egress.close(),
  };
}

const MAKERS: Record<string, (origins: readonly string[], receiver: Receiver) => Contender> = {
  undici: undiciContender,
  egress: (origins, receiver) => egressContender("builtin", origins, receiver),
  "egress through undici": (origins, receiver) => egressContender("undici", origins, receiver),
  "node:http": nodeHttpContender,
  fetch: fetchContender,
  "undici-new": (_origins, receiver) => newConnections("bare", receiver),
  "egress-new": (_origins, receiver) => newConnections("builtin", receiver),
  "egress through undici-new": (_origins, receiver) => newConnections("undici", receiver),
};

/** Job of a worker process, passed at its start. */
interface Job {
  readonly kind: string;
  readonly count: number;
  readonly secure: boolean;
  readonly receiver: Receiver;
}

/** Warms up, then runs one round per message until the parent exits. */
async function runWorker({ kind, count, secure, receiver }: Job): Promise<void> {
  const { send } = MAKERS[kind]!(originsOf(count, secure, receiver), receiver);
  await drive(send, count, (done) => done >= Math.max(40_000, count * 4));
  process.on("message", () => {
    const end = performance.now() + SECONDS * 1000;
    void drive(send, count, () => performance.now() >= end).then((figure) => process.send?.(figure));
  });
  process.send?.("ready");
}

async function compare(title: string, kinds: readonly string[], job: Omit<Job, "kind">): Promise<void> {
  if (values.case !== undefined && values.case !== title) return;
  const workers = new Map<string, ChildProcess>();
  for (const kind of kinds) {
    const worker = fork(
      new URL(import.meta.url),
      ["--seconds", values.seconds, "worker", JSON.stringify({ ...job, kind })],
      {
        execArgv: ["--conditions=@posthorn/source"],
      },
    );
    await nextMessage(worker);
    workers.set(kind, worker);
  }
  const figures = new Map<string, Figure[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [kind, worker] of workers) {
      worker.send("run");
      figures.set(kind, [...(figures.get(kind) ?? []), await nextMessage<Figure>(worker)]);
    }
  }
  for (const worker of workers.values()) worker.kill();
  const base = median(figures.get(kinds[0]!)!.map(({ micros }) => micros));
  for (const [kind, runs] of figures) {
    const micros = median(runs.map((run) => run.micros));
    const rate = Math.round(median(runs.map((run) => run.rate)));
    console.log(
      `| ${title} | ${kind.replace("-new", "")} | ${rate.toLocaleString("en")} | ${micros.toFixed(1)} | ${(micros / base).toFixed(2)} |`,
    );
  }
}

/** Measures only the guard, in nanoseconds: a new URL, and an address when it is dialled. */
function guardAlone(): void {
  const egress = new Egress();
  const settings = { deny: parseAllowList(""), own: [], nat64: parseNat64([]) };
  const external = parseAllowList("external");
  const v4 = parseAddress("93.184.215.14")!;
  const v6 = parseAddress("2606:2800:21f:cb07:6820:80da:af6b:8b2c")!;
  const time = (work: () => void) => {
    for (let index = 0; index < 100_000; index++) work();
    const cpu = process.cpuUsage();
    for (let index = 0; index < 300_000; index++) work();
    const used = process.cpuUsage(cpu);
    return (((used.user + used.system) / 300_000) * 1000).toFixed(0);
  };
  const url = time(() => egress.validateUrl("https://hooks.example.com/path?query=1"));
  const address = time(() => {
    checkAddress(v4, "hooks.example.com", external, settings);
    checkAddress(v6, "hooks.example.com", external, settings);
  });
  console.log(
    `The guard alone: ${url} ns per URL (first use only, then cached), ${address} ns for an A and an AAAA record (once per connection).`,
  );
}

/** Calls 100,000 origins one after the other with a bounded client, and measures what remains. */
async function manyOrigins(receiver: Receiver): Promise<void> {
  const handles = () => process.getActiveResourcesInfo().filter((kind) => /TCP|TLS|Timeout/.test(kind)).length;
  const before = handles();
  const egress = new Egress({
    allow: parseAllowList("loopback"),
    nameService: everyName,
    maxSockets: 256,
    dns: { maxNames: 1000 },
    maxUrls: 1000,
  });
  let peak = 0;
  const heaps: number[] = [];
  const figure = await drive(
    async (index) => {
      const url = `http://h${index}.bench.posthorn.dev:${receiver.http}/hook`;
      const result = await egress.send({
        method: "POST",
        url,
        headers: HEADERS,
        body: BODY,
        timeoutMs: 15_000,
        maxResponseBytes: 65_536,
      });
      if (result.kind === "error") throw new Error(result.detail);
      peak = Math.max(peak, egress.stats.sockets);
      if (index % 20_000 === 19_999) {
        // Memory after collecting garbage (npm run bench:egress sets --expose-gc).
        globalThis.gc?.();
        heaps.push(Math.round(process.memoryUsage().heapUsed / 1e6));
      }
    },
    Number.POSITIVE_INFINITY,
    (done) => done >= 100_000 - CONCURRENCY,
  );
  await egress.close();
  await new Promise((resolve) => setTimeout(resolve, 200));
  console.log(
    `100,000 origins: ${Math.round(figure.rate)} per second, at most ${peak} sockets of 256, live heap after each 20,000: ${heaps.join(", ")} MB; ` +
      `after close: ${egress.stats.sockets} sockets, and ${handles() - before} more handles and timers than before.`,
  );
}

async function startReceiver(): Promise<{ receiver: Receiver; child: ChildProcess }> {
  const child = fork(new URL("egress-receiver.ts", import.meta.url), { execArgv: ["--conditions=@posthorn/source"] });
  const receiver = await new Promise<Receiver>((resolve) =>
    child.once("message", (message) => resolve(message as Receiver)),
  );
  return { receiver, child };
}

async function main(): Promise<void> {
  const { receiver, child } = await startReceiver();
  console.log("| case | client | requests/s | CPU µs/request | against undici |\n| --- | --- | --- | --- | --- |");
  for (const secure of [false, true]) {
    for (const count of [1, 500, 5000]) {
      const title = `${secure ? "https" : "http"}, ${count.toLocaleString("en")} ${count === 1 ? "origin" : "origins"}`;
      await compare(title, ["undici", "egress", "egress through undici", "node:http", "fetch"], {
        count,
        secure,
        receiver,
      });
    }
  }
  await compare("http, a new connection each", ["undici-new", "egress-new", "egress through undici-new"], {
    count: 1,
    secure: false,
    receiver,
  });
  if (values.case === undefined) {
    guardAlone();
    await manyOrigins(receiver);
  }
  child.kill();
}

const [role, job] = positionals;
if (role === "worker") await runWorker(JSON.parse(job!) as Job);
else await main();
