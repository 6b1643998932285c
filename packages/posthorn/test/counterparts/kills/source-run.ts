/** Kills a server at random while messages arrive at brokers that it reads, and checks what it has stored. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { startServer, type TestServer } from "@posthorn/testkit";
import { Random } from "../../simulation/random.ts";
import { report } from "./run.ts";

const SEED = Number(process.env["POSTHORN_TEST_SEED"] ?? Date.now() % 2 ** 31);
const LEAST_A_LIFE = 5;
const MOST_A_LIFE = 60;
const MAX_LIFE_MS = 1200;
/** No further message is stored: the rest is lost. */
const STALLED_MS = 60_000;
const POLL_MS = 500;

/** A broker with one source that reads it. */
export interface ReadBroker {
  readonly kind: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Whether a message that the broker delivers again has the same event ID. */
  readonly isExactlyOnce: boolean;
  /** Puts messages with these numbers into the broker. Resolves when it has them. */
  publish(numbers: readonly number[]): Promise<void>;
  /** Messages that the broker has not removed or marked as read. Called when all are stored. */
  left(): Promise<number>;
}

export type OpenReadBroker = (stack: AsyncDisposableStack) => Promise<readonly ReadBroker[]>;

export class SourceKillRun implements AsyncDisposable {
  readonly #test: string;
  readonly #server: TestServer;
  readonly #random: Random;
  readonly #brokers: readonly ReadBroker[];
  readonly #sources: string[] = [];
  #next = 0;
  #kills = 0;

  private constructor(test: string, server: TestServer, brokers: readonly ReadBroker[]) {
    this.#test = test;
    this.#server = server;
    this.#brokers = brokers;
    this.#random = new Random(SEED, test);
  }

  static async start(test: string, brokers: readonly ReadBroker[]): Promise<SourceKillRun> {
    process.stdout.write(`${test}: POSTHORN_TEST_SEED=${SEED}\n`);
    const run = new SourceKillRun(test, await startServer({ allowErrors: true }), brokers);
    for (const { kind, config } of brokers) {
      const { id } = await run.#call("POST", "ingest/api/v1/source", { name: kind, kind, config });
      run.#sources.push(id as string);
    }
    await run.#connected();
    return run;
  }

  async kill(kills: number): Promise<void> {
    for (let kill = 0; kill < kills; kill++) {
      const count = this.#random.int(LEAST_A_LIFE, MOST_A_LIFE);
      const numbers = Array.from({ length: count }, () => this.#next++);
      // The server is killed before, while or after it stores them, and while it connects.
      const published = Promise.all(this.#brokers.map((broker) => broker.publish(numbers)));
      await delay(this.#random.int(0, MAX_LIFE_MS) * (this.#random.chance(0.5) ? 1 : 0.1));
      await this.#server.kill();
      await this.#server.restart();
      await published;
      this.#kills++;
      if (this.#random.chance(0.5)) await this.#connected();
    }
  }

  /** Waits until every message is stored and no broker has one left. Returns how often one was stored again, by kind. */
  async stored(): Promise<Record<string, number>> {
    const repeated: Record<string, number> = {};
    for (const [index, broker] of this.#brokers.entries()) {
      const all = await this.#allOf(this.#sources[index]!, broker);
      repeated[broker.kind] = all.length - this.#next;
      if (broker.isExactlyOnce) assert.equal(repeated[broker.kind], 0, `${broker.kind} has stored messages twice`);
    }
    report({ test: this.#test, seed: SEED, kills: this.#kills, accepted: this.#next, repeated });
    return repeated;
  }

  async #allOf(source: string, { kind, left }: ReadBroker): Promise<readonly number[]> {
    let most = -1;
    let progressAt = Date.now();
    for (;;) {
      const all = await this.#numbers(source);
      const distinct = new Set(all).size;
      const waiting = distinct === this.#next ? await left() : NaN;
      if (distinct === this.#next && waiting === 0) return all;
      if (distinct > most) [most, progressAt] = [distinct, Date.now()];
      const state = JSON.stringify(await this.#call("GET", `ingest/api/v1/source/${source}/state`));
      const text = `${kind}: ${distinct} of ${this.#next} stored, ${waiting} left in the broker: ${state}`;
      assert(Date.now() - progressAt < STALLED_MS, text);
      await delay(POLL_MS);
    }
  }

  async #numbers(source: string): Promise<readonly number[]> {
    const numbers: number[] = [];
    let iterator: string | null = null;
    do {
      const from: string = iterator === null ? "" : `&iterator=${encodeURIComponent(iterator)}`;
      const page = await this.#call("GET", `api/v1/app/${source}/msg?limit=250${from}`);
      for (const { payload } of page["data"] as { readonly payload: { readonly n: number } }[]) numbers.push(payload.n);
      iterator = page["done"] === true ? null : (page["iterator"] as string);
    } while (iterator !== null);
    return numbers;
  }

  async #connected(): Promise<void> {
    for (const source of this.#sources) {
      const deadline = Date.now() + STALLED_MS;
      for (;;) {
        const state = await this.#call("GET", `ingest/api/v1/source/${source}/state`);
        if (state["state"] === "running" || state["lastSuccessAt"] !== null) break;
        assert(Date.now() < deadline, JSON.stringify(state));
        await delay(POLL_MS);
      }
    }
  }

  async #call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.#server.url}/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#server.token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} ${response.status}: ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
