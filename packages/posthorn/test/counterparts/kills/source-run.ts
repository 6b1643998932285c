/** Kills a server at random while messages arrive at brokers that it reads, and checks which messages it has stored. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { startServer, type TestServer } from "@posthorn/testkit";
import { Random } from "../../simulation/random.ts";
import { MINUTES, report } from "./run.ts";

const SEED = Number(process.env["POSTHORN_TEST_SEED"] ?? Date.now() % 2 ** 31);
const LEAST_A_LIFE = 5;
const MOST_A_LIFE = 60;
const MAX_LIFE_MS = 1200;
/** Time without a stored message after which the rest counts as lost. */
const STALLED_MS = 300_000;
const POLL_MS = 500;
const KILLS_PER_LINE = 10;

/** A broker with one source that reads it. */
export interface ReadBroker {
  readonly kind: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Settings that a server needs to read it. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether a message that the broker delivers again has the same event ID. */
  readonly isExactlyOnce: boolean;
  /** Whether the source is polled, so that the test must request a read. */
  readonly isPolled?: boolean;
  /**
   * Puts messages with these numbers into the broker. Resolves when it has them.
   *
   * @param sourceUrl URL at which the source receives, such as `mailto:…`.
   */
  publish(numbers: readonly number[], sourceUrl: string): Promise<void>;
  /** Messages that the broker has not removed or marked as read. Called when all are stored. */
  left(): Promise<number>;
  /** Number of a stored message. Default: member `n` of the payload. */
  numberOf?(payload: unknown): number;
}

interface RunSource {
  readonly id: string;
  readonly url: string;
  readonly broker: ReadBroker;
}

/** Figures of one kind. */
export interface KindFigures {
  readonly published: number;
  readonly stored: number;
  readonly repeated: number;
  readonly left: number;
}

export type OpenReadBroker = (stack: AsyncDisposableStack) => Promise<readonly ReadBroker[]>;

export class SourceKillRun implements AsyncDisposable {
  readonly #test: string;
  readonly #server: TestServer;
  readonly #random: Random;
  readonly #sources: RunSource[] = [];
  #next = 0;
  #kills = 0;

  private constructor(test: string, server: TestServer) {
    this.#test = test;
    this.#server = server;
    this.#random = new Random(SEED, test);
  }

  static async start(test: string, brokers: readonly ReadBroker[]): Promise<SourceKillRun> {
    process.stdout.write(`${test}: POSTHORN_TEST_SEED=${SEED}\n`);
    const env = Object.assign({}, ...brokers.map((broker) => broker.env ?? {})) as Record<string, string>;
    const run = new SourceKillRun(test, await startServer({ allowErrors: true, env }));
    for (const broker of brokers) {
      const { kind, config } = broker;
      const made = await run.#call("POST", "ingest/api/v1/source", { name: kind, kind, config });
      run.#sources.push({ id: made["id"] as string, url: made["ingestUrl"] as string, broker });
    }
    await run.#connected();
    return run;
  }

  async kill(kills: number): Promise<void> {
    const deadline = Date.now() + MINUTES * 60_000;
    for (let kill = 0; kill < kills && Date.now() < deadline; kill++) {
      const count = this.#random.int(LEAST_A_LIFE, MOST_A_LIFE);
      const numbers = Array.from({ length: count }, () => this.#next++);
      // The server is killed before, while or after it stores them, and while it connects.
      const published = Promise.all(this.#sources.map((source) => this.#publish(source, numbers)));
      await delay(this.#random.int(0, MAX_LIFE_MS) * (this.#random.chance(0.5) ? 1 : 0.1));
      await this.#server.kill();
      await this.#server.restart();
      await published;
      this.#kills++;
      if (this.#kills % KILLS_PER_LINE === 0) {
        process.stdout.write(`${this.#test}: ${this.#kills} kills, ${this.#next} messages published to each broker\n`);
      }
      if (this.#random.chance(0.5)) await this.#connected();
    }
  }

  async #publish({ id, url, broker }: RunSource, numbers: readonly number[]): Promise<void> {
    await broker.publish(numbers, url);
    if (broker.isPolled !== true) return;
    // The server may be down; it looks again after its next start.
    await this.#call("POST", `ingest/api/v1/source/${id}/poll`).catch(() => undefined);
  }

  /** Waits until every message is stored and no broker has one left. Returns figures by kind. */
  async stored(): Promise<Record<string, KindFigures>> {
    const kinds: Record<string, KindFigures> = {};
    for (const source of this.#sources) {
      const { kind, isExactlyOnce } = source.broker;
      const stored = (await this.#allOf(source)).length;
      const repeated = stored - this.#next;
      if (isExactlyOnce) assert.equal(repeated, 0, `${kind} has stored messages twice`);
      kinds[kind] = { published: this.#next, stored, repeated, left: 0 };
    }
    report({ test: this.#test, seed: SEED, kills: this.#kills, accepted: this.#next, kinds });
    return kinds;
  }

  async #allOf({ id, broker }: RunSource): Promise<readonly number[]> {
    let most = -1;
    let progressAt = Date.now();
    for (;;) {
      if (broker.isPolled === true) await this.#call("POST", `ingest/api/v1/source/${id}/poll`);
      const all = await this.#numbers(id, broker);
      const distinct = new Set(all).size;
      const waiting = distinct === this.#next ? await broker.left() : NaN;
      if (distinct === this.#next && waiting === 0) return all;
      if (distinct > most) [most, progressAt] = [distinct, Date.now()];
      const state = JSON.stringify(await this.#call("GET", `ingest/api/v1/source/${id}/state`));
      const text = `${broker.kind}: ${distinct} of ${this.#next} stored, ${waiting} left in the broker: ${state}`;
      assert(Date.now() - progressAt < STALLED_MS, text);
      await delay(POLL_MS);
    }
  }

  async #numbers(source: string, { numberOf = memberN }: ReadBroker): Promise<readonly number[]> {
    const numbers: number[] = [];
    let iterator: string | null = null;
    do {
      const from: string = iterator === null ? "" : `&iterator=${encodeURIComponent(iterator)}`;
      const page = await this.#call("GET", `api/v1/app/${source}/msg?limit=250${from}`);
      for (const { payload } of page["data"] as { readonly payload: unknown }[]) numbers.push(numberOf(payload));
      iterator = page["done"] === true ? null : (page["iterator"] as string);
    } while (iterator !== null);
    return numbers;
  }

  async #connected(): Promise<void> {
    for (const { id } of this.#sources) {
      const deadline = Date.now() + STALLED_MS;
      for (;;) {
        const state = await this.#call("GET", `ingest/api/v1/source/${id}/state`);
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

function memberN(payload: unknown): number {
  return (payload as { readonly n: number }).n;
}
