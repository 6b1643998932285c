/**
 * Compares a server with the bare forwarder: the same events through each, in alternating rounds, to one receiver
 * that counts.
 */
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { organisationToken, SECRET } from "./node-api.ts";
import { cpuSeconds, nextMessage, residentMib, startModule, startNode, stop } from "./processes.ts";
import type { Job, Published, Requests } from "./publisher.ts";

export interface Measured {
  readonly eventsPerSecond: number;
  readonly cpuMicros: number;
  readonly p50: number;
  readonly p99: number;
  readonly mib: number;
}

export interface ComparisonOptions {
  readonly seconds: number;
  /** Seconds before each round, until hot code is compiled. */
  readonly warmUp: number;
  readonly rounds: number;
  readonly connections: number;
  /** Requests to the server under test. The forwarder gets events of the same size. */
  readonly requests: Requests;
  /** Number of times that the receiver gets each event. */
  readonly fan: number;
  /** Writes CPU profiles of the server to this folder. */
  readonly profile?: string | undefined;
  /** Prepares the server. Returns the path that events are sent to, and their token. */
  readonly prepare: (node: PreparedNode) => Promise<Pick<Job, "paths" | "token">>;
}

export interface PreparedNode {
  readonly origin: string;
  /** URL of the receiver. */
  readonly target: string;
  /** Calls the API with a token of an organisation. */
  readonly post: (path: string, body: object) => Promise<Readonly<Record<string, string>>>;
  readonly token: string;
}

/** Runs all rounds and prints the table. */
export async function compare(options: ComparisonOptions): Promise<void> {
  const receiver = startModule("receiver.ts");
  const { port } = await nextMessage<{ port: number }>(receiver);
  const rounds = new Rounds(options, receiver, `http://127.0.0.1:${port}`);
  const forwarder: Measured[] = [];
  const posthorn: Measured[] = [];
  for (let round = 0; round < options.rounds; round++) {
    forwarder.push(await rounds.forwarder());
    posthorn.push(await rounds.posthorn());
  }
  await stop(receiver);
  report(options, forwarder, posthorn);
}

class Rounds {
  readonly #options: ComparisonOptions;
  readonly #receiver: ChildProcess;
  readonly #target: string;
  /** Events of earlier measurements that the receiver has counted. */
  #base = 0;

  constructor(options: ComparisonOptions, receiver: ChildProcess, target: string) {
    this.#options = options;
    this.#receiver = receiver;
    this.#target = target;
  }

  async forwarder(): Promise<Measured> {
    const forwarder = startModule("forwarder.ts", [this.#target]);
    const { port } = await nextMessage<{ port: number }>(forwarder);
    const job = { origin: `http://127.0.0.1:${port}`, paths: ["/"], token: "none" };
    return this.#measure(forwarder, { ...job, requests: { kind: "publish" } }, 1);
  }

  async posthorn(): Promise<Measured> {
    const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
    try {
      const env = {
        POSTHORN_LISTEN: "127.0.0.1:0",
        POSTHORN_DATA_DIR: folder,
        POSTHORN_JWT_SECRET: SECRET,
        POSTHORN_EGRESS_ALLOW: "external,loopback",
        POSTHORN_ENDPOINT_CONCURRENCY: "64",
      };
      const { prepare, profile, requests, fan } = this.#options;
      const { child, url: origin } = await startNode(env, { profile });
      const token = organisationToken();
      const post = (path: string, body: object) => call(origin, token, path, body);
      const prepared = await prepare({ origin, target: this.#target, post, token });
      return await this.#measure(child, { origin, requests, ...prepared }, fan);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  async #measure(server: ChildProcess, job: Omit<Job, "connections" | "seconds">, fan: number): Promise<Measured> {
    const publisher = startModule("publisher.ts");
    const publish = async (seconds: number): Promise<Published> => {
      publisher.send({ ...job, connections: this.#options.connections, seconds } satisfies Job);
      return nextMessage<Published>(publisher);
    };
    const warmUp = await publish(this.#options.warmUp);
    await this.#arrived(warmUp.accepted * fan);
    const cpuBefore = cpuSeconds(server.pid!);
    const startedAt = performance.now();
    const published = await publish(this.#options.seconds);
    await this.#arrived(published.accepted * fan);
    const seconds = (performance.now() - startedAt) / 1000;
    const cpu = cpuSeconds(server.pid!) - cpuBefore;
    const mib = residentMib(server.pid!);
    await stop(publisher);
    await stop(server);
    if (published.refused > 0) throw new Error(`${published.refused} events were rejected`);
    const { p50, p99, accepted } = published;
    return { eventsPerSecond: accepted / seconds, cpuMicros: (cpu / accepted) * 1e6, p50, p99, mib };
  }

  /** Waits until the receiver has `count` more events than before. */
  async #arrived(count: number): Promise<void> {
    for (;;) {
      this.#receiver.send("count");
      const { received } = await nextMessage<{ received: number }>(this.#receiver);
      if (received - this.#base >= count) {
        this.#base = received;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function call(origin: string, token: string, path: string, body: object): Promise<Record<string, string>> {
  const response = await fetch(origin + path, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, string>;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

function report(
  { rounds, seconds, connections, fan }: ComparisonOptions,
  forwarder: readonly Measured[],
  posthorn: readonly Measured[],
): void {
  const row = (name: string, runs: readonly Measured[]): string => {
    const of = (pick: (run: Measured) => number, digits: number): string => median(runs.map(pick)).toFixed(digits);
    const cpus = runs.map((run) => run.cpuMicros.toFixed(0)).join(", ");
    return `| ${name} | ${of((run) => run.eventsPerSecond, 0)} | ${of((run) => run.cpuMicros, 1)} (${cpus}) | ${of((run) => run.p50, 1)} | ${of((run) => run.p99, 1)} | ${of((run) => run.mib, 0)} |`;
  };
  const ratio = (pick: (run: Measured) => number): number => median(posthorn.map(pick)) / median(forwarder.map(pick));
  console.log(
    `\n${rounds} rounds of ${seconds} s, ${connections} connections, ${fan} endpoint(s), payloads of 1 KiB\n`,
  );
  console.log("| | events/s | CPU µs/event (each round) | response p50 ms | p99 ms | MiB |");
  console.log("| --- | --- | --- | --- | --- | --- |");
  console.log(row("bare forwarder", forwarder));
  console.log(row("posthorn", posthorn));
  console.log(`\nposthorn / forwarder: ${ratio((run) => run.eventsPerSecond).toFixed(2)} of the events per second,`);
  console.log(`${(1 / ratio((run) => run.cpuMicros)).toFixed(2)} of its events for the same CPU time`);
}
