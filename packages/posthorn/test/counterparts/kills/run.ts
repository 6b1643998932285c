/** Kills a server at random while messages are published, and checks which messages arrived. A seed reproduces the choices of a run. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, startServer, type TestServer } from "@posthorn/testkit";
import { Random } from "../../simulation/random.ts";
import { missingMessages } from "./missing.ts";

/** Kills of each test, which the nightly run sets. */
const WANTED_KILLS = process.env["POSTHORN_TEST_KILLS"];
const SEED = Number(process.env["POSTHORN_TEST_SEED"] ?? Date.now() % 2 ** 31);
/** Ends a run early, which then reports fewer kills. */
export const MINUTES = Number(process.env["POSTHORN_TEST_KILL_MINUTES"] ?? Infinity);
const KILLS_PER_LINE = 20;
/** File to which the reports are appended, one line of JSON each. */
const REPORT_FILE = process.env["POSTHORN_TEST_REPORT"];

/** @param usual Kills in every other run: about three in each test of destinations, six of sources and at the hub. */
export function killsOr(usual: number): number {
  return Number(WANTED_KILLS ?? usual);
}

export function timeoutFor(kills: number): number {
  return 900_000 + kills * 60_000;
}

/** Broker faults are slower than kills, because a broker takes seconds to start. */
const KILLS_PER_FAULT = 3;
const PUBLISHERS = 4;
/** Maximum number of messages that are accepted between two kills. */
const MESSAGES_A_LIFE = 60;
const LEAST_A_LIFE = 10;
const MAX_LIFE_MS = 400;
/** Longest wait for a delivery to an endpoint, which may be frozen or waiting for a retry. */
const DELIVERY_MS = 10_000;
const PAUSE_MS = 20;
/** Time without a message after which the rest counts as lost. */
const STALLED_MS = 180_000;
const ARRIVAL_POLL_MS = 500;
/** Pause between two readings, as a multiple of the time that the reading took. */
const ARRIVAL_PAUSES = 4;
/** Fast retries, over a longer time than a broker needs to restart. */
const RETRIES = Array.from({ length: 50 }, (_, index) => (index < 5 ? "0.5" : "3")).join(",");

/** A target with its messages in any order, including duplicates. */
export interface Sink {
  readonly kind: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Policy of the endpoint; absent: that of the application. */
  readonly policy?: object;
  /** Whether the target recognises a message that is sent again. */
  readonly isExactlyOnce: boolean;
  /** IDs of the messages. Called when nothing is killed any more. */
  ids(): Promise<readonly string[]>;
}

/** A running broker or service. */
export interface Counterpart {
  readonly name: string;
  readonly sinks: readonly Sink[];
  /** Settings that a server needs to send to it. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends its connections while messages are in flight, without losing what it has confirmed; absent: it keeps its data in memory. */
  readonly kill?: () => Promise<void>;
  /** Accepts connections and does not respond until `unfreeze`. */
  readonly freeze?: () => void;
  readonly unfreeze?: () => void;
}

export interface Report {
  readonly test: string;
  readonly seed: number;
  readonly kills: number;
  readonly accepted: number;
  readonly [more: string]: unknown;
}

export function report(line: Report): void {
  const text = `${JSON.stringify(line)}\n`;
  process.stdout.write(text);
  if (REPORT_FILE !== undefined) appendFileSync(REPORT_FILE, text);
}

/** A server that is killed, and publishers that publish each message until it is accepted. */
export class KillRun implements AsyncDisposable {
  readonly test: string;
  readonly random: Random;
  readonly server: TestServer;
  /** IDs of the accepted messages. */
  readonly accepted = new Set<string>();
  app = "";
  #url: string | null;
  #startedAt = Date.now();
  /** IDs of the endpoints by sink. */
  readonly #endpoints = new Map<Sink, string>();
  /** Sinks that currently do not respond. */
  #silent: readonly Sink[] = [];
  #left = 0;
  #kills = 0;
  #isEnded = false;
  #next = 0;
  readonly #publishers: readonly Promise<void>[];
  readonly #messagesALife: number;

  private constructor(test: string, server: TestServer, messagesALife: number) {
    this.test = test;
    this.#messagesALife = messagesALife;
    this.random = new Random(SEED, test);
    this.server = server;
    this.#url = server.url;
    this.#publishers = Array.from({ length: PUBLISHERS }, () => this.#publishAll());
  }

  static async start(
    test: string,
    env: Readonly<Record<string, string>> = {},
    messagesALife = MESSAGES_A_LIFE,
  ): Promise<KillRun> {
    process.stdout.write(`${test}: POSTHORN_TEST_SEED=${SEED}\n`);
    // A short timeout, so that every run includes a broker that does not respond.
    const server = await startServer({
      env: { POSTHORN_RETRY_SCHEDULE: RETRIES, POSTHORN_REQUEST_TIMEOUT: "3", ...env },
    });
    const run = new KillRun(test, server, messagesALife);
    try {
      run.app = (await run.call("POST", "/app", { name: "kills" }))["id"] as string;
      // Counterparts are stopped on purpose.
      await run.call("PATCH", `/app/${run.app}/policy`, { breaker: { enabled: false } });
    } catch (error) {
      await run[Symbol.asyncDispose]();
      throw error;
    }
    return run;
  }

  async call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await this.#fetch(method, path, body === undefined ? undefined : JSON.stringify(body));
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} ${response.status}: ${text}`);
    return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  }

  /** Base URL of the API; `null` while the server is down. */
  get url(): string | null {
    return this.#url;
  }

  async addEndpoints(sinks: readonly Sink[]): Promise<void> {
    for (const sink of sinks) {
      const { kind, config, policy } = sink;
      const { id } = await this.call("POST", `/app/${this.app}/endpoint`, { kind, config });
      if (policy !== undefined) await this.call("PATCH", `/app/${this.app}/endpoint/${id as string}/policy`, policy);
      this.#endpoints.set(sink, id as string);
    }
  }

  /** Kills the server this often, and occasionally one of the counterparts. */
  async kill(kills: number, counterparts: readonly Counterpart[] = []): Promise<{ readonly faults: number }> {
    const faults = counterparts.flatMap((one) => [
      ...(one.kill === undefined ? [] : [() => this.#killWhileSending(one)]),
      ...(one.freeze === undefined ? [] : [() => this.#silence(one)]),
    ]);
    const start = this.random.int(0, 1000);
    const deadline = Date.now() + MINUTES * 60_000;
    let done = 0;
    for (let kill = 0; kill < kills && Date.now() < deadline; kill++) {
      await this.#life();
      this.#kills++;
      if (this.#kills % KILLS_PER_LINE === 0) {
        process.stdout.write(`${this.test}: ${this.#kills} kills, ${this.accepted.size} messages accepted\n`);
      }
      if (faults.length > 0 && kill % KILLS_PER_FAULT === 0) await faults[(start + done++) % faults.length]!();
    }
    this.#left = this.#messagesALife;
    await eventually(() => assert(this.#left <= 0));
    this.#isEnded = true;
    await Promise.all(this.#publishers);
    assert(this.accepted.size > this.#kills * LEAST_A_LIFE);
    return { faults: done };
  }

  /** Waits until every accepted message has arrived, and returns how often one arrived again at each sink. */
  async arrived(sinks: readonly Sink[]): Promise<Record<string, number>> {
    const repeated: Record<string, number> = {};
    for (const sink of sinks) {
      const { kind, isExactlyOnce } = sink;
      const all = await this.#allOf(sink);
      repeated[kind] = all.length - new Set(all).size;
      if (isExactlyOnce) assert.equal(repeated[kind], 0, `${kind} has messages more than once`);
    }
    return repeated;
  }

  /** Waits as long as messages arrive, because a stand-in can be slower than the server that sends to it. */
  async #allOf(sink: Sink): Promise<readonly string[]> {
    const { kind, ids } = sink;
    let most = -1;
    let progressAt = Date.now();
    let problem = "";
    for (;;) {
      const askedAt = Date.now();
      const found = await ids().catch((error: unknown): readonly string[] => {
        problem = `, ${String(error)}`;
        return [];
      });
      const distinct = new Set(found);
      const missing = [...this.accepted].filter((id) => !distinct.has(id));
      if (missing.length === 0) return found;
      if (distinct.size > most) [most, progressAt] = [distinct.size, Date.now()];
      if (Date.now() - progressAt >= STALLED_MS) {
        const attempts = await missingMessages(this.call.bind(this), this.app, this.#endpoints.get(sink)!, missing);
        assert.fail(`${kind} lacks ${missing.length} of ${this.accepted.size}${problem}\n${attempts}`);
      }
      // Reading thousands of messages keeps a stand-in busy, which must have time to receive the others.
      await delay(Math.max(ARRIVAL_POLL_MS, ARRIVAL_PAUSES * (Date.now() - askedAt)));
    }
  }

  report(more: Readonly<Record<string, unknown>>): void {
    report({ test: this.test, seed: SEED, kills: this.#kills, accepted: this.accepted.size, ...more });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnded = true;
    this.#url = null;
    await Promise.all(this.#publishers);
    await this.server[Symbol.asyncDispose]();
  }

  /** The server accepts some messages and is killed while it sends them. */
  async #life(): Promise<void> {
    this.#left = this.#messagesALife;
    const goal = this.accepted.size + this.random.int(LEAST_A_LIFE, this.#messagesALife - PUBLISHERS);
    while (this.accepted.size < goal) await delay(1);
    // Some kills come while messages are accepted, and others while they are delivered, also on a slow machine.
    const endpoints = [...this.#endpoints].flatMap(([sink, id]) => (this.#silent.includes(sink) ? [] : [id]));
    if (endpoints.length > 0 && this.random.chance(0.7)) await this.#delivery(this.random.pick(endpoints));
    await delay(this.random.int(0, MAX_LIFE_MS) * (this.random.chance(0.5) ? 1 : 0.1));
    this.#url = null;
    await this.server.kill();
    await this.server.restart();
    this.#url = this.server.url;
    this.#startedAt = Date.now();
  }

  /** Waits until this process of the server has delivered a message to the endpoint. */
  async #delivery(endpoint: string): Promise<void> {
    const deadline = Date.now() + DELIVERY_MS;
    while (Date.now() < deadline) {
      const { data } = await this.call("GET", `/app/${this.app}/attempt/endpoint/${endpoint}?limit=1&status=0`);
      const [last] = data as readonly { readonly timestamp: string }[];
      if (last !== undefined && Date.parse(last.timestamp) > this.#startedAt) return;
      await delay(PAUSE_MS);
    }
  }

  /** Freezes the counterpart, so that messages are sent and not confirmed, and then kills it. */
  async #killWhileSending({ freeze, kill }: Counterpart): Promise<void> {
    this.#left = this.#messagesALife;
    freeze?.();
    await delay(this.random.int(0, MAX_LIFE_MS));
    await kill!();
  }

  async #silence({ freeze, unfreeze, sinks }: Counterpart): Promise<void> {
    freeze!();
    this.#silent = sinks;
    try {
      await this.#life();
    } finally {
      this.#silent = [];
      unfreeze!();
    }
  }

  async #publishAll(): Promise<void> {
    while (!this.#isEnded) {
      if (this.#left > 0) {
        this.#left--;
        const id = await this.#publish(`{"n":${this.#next++},"exact":1.0}`, randomUUID());
        if (id !== null) this.accepted.add(id);
      } else await delay(PAUSE_MS);
    }
  }

  async #publish(payload: string, key: string): Promise<string | null> {
    const body = `{"eventType":"invoice.paid","payload":${payload}}`;
    while (!this.#isEnded) {
      const response = await this.#fetch("POST", `/app/${this.app}/msg`, body, { "idempotency-key": key }).catch(
        () => null,
      );
      if (response?.status === 202) return ((await response.json()) as { readonly id: string }).id;
      await delay(PAUSE_MS);
    }
    return null;
  }

  #fetch(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Response> {
    if (this.#url === null) return Promise.reject(new Error("the server is down"));
    return fetch(`${this.#url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.server.token}`, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body }),
    });
  }
}
