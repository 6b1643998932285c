/** One run of the crash test of watches: sensors that publish, nodes that are killed, and what the watches must report. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, type TestServer } from "@posthorn/testkit";
import { apiCall, PersistentClient } from "./persistent-client.ts";
import type { Random } from "./random.ts";

type Reading = number | "n/a";
interface Reported {
  readonly kind: string;
  readonly value: number;
}

/** A rule, and an independent evaluation of it over the readings of one key. */
interface Condition {
  readonly emits: string;
  readonly rule: object;
  expected(readings: readonly Reading[]): readonly Reported[];
}

const READ = { value: "$.v", key: "$.k" };

const numbers = (readings: readonly Reading[]): readonly number[] => readings.filter((value) => value !== "n/a");

export const CONDITIONS: readonly Condition[] = [
  {
    emits: "hysteresis",
    rule: { read: READ, when: { above: 70 }, until: { below: 30 } },
    expected: (readings) => {
      const found: Reported[] = [];
      let raised = false;
      for (const value of numbers(readings)) {
        if (raised ? value >= 30 : value <= 70) continue;
        raised = !raised;
        found.push({ kind: raised ? "raised" : "cleared", value });
      }
      return found;
    },
  },
  {
    emits: "thrice",
    rule: { read: READ, when: { above: 40 }, times: 3 },
    expected: (readings) => {
      const found: Reported[] = [];
      let streak = 0;
      for (const value of numbers(readings)) {
        if (value <= 40 && streak >= 3) found.push({ kind: "cleared", value });
        streak = value > 40 ? streak + 1 : 0;
        if (streak === 3) found.push({ kind: "raised", value });
      }
      return found;
    },
  },
  {
    emits: "drift",
    rule: { read: READ, when: { changed: { by: 25 } } },
    expected: (readings) => {
      const found: Reported[] = [];
      let last: number | null = null;
      for (const value of numbers(readings)) {
        if (last !== null && Math.abs(value - last) < 25) continue;
        if (last !== null) found.push({ kind: "changed", value });
        last = value;
      }
      return found;
    },
  },
];

/** Rules whose transitions a timer reports, with the transitions of a key after {@link LAST_VALUES}. */
export const TIMED: readonly { readonly emits: string; readonly rule: object; readonly kinds: readonly string[] }[] = [
  { emits: "lasting", rule: { read: READ, when: { below: 5 }, for: "5s" }, kinds: ["raised"] },
  { emits: "quiet", rule: { read: { key: "$.k" }, when: { silent: "10s" } }, kinds: ["raised"] },
  { emits: "held", rule: { read: READ, when: { above: 50 }, hold: "5s" }, kinds: ["cleared", "raised"] },
  {
    emits: "window",
    rule: { read: READ, when: { count: { over: "15s", above: 1 } }, hold: "1s" },
    kinds: ["cleared", "raised"],
  },
];
/** Published of each key at the end. */
const LAST_VALUES = [100, 1];

const KEYS = 8;
const APP = "plant";

interface Event {
  readonly id: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly payload: { readonly key: string; readonly phase: string; readonly value: number; readonly number: number };
}

export class WatchRun {
  /** Readings that were acknowledged, by key, in the order in which they were published. */
  readonly published = new Map<string, Reading[]>();
  /** Readings that may be published until the next kill. */
  left = 0;
  repeats = 0;
  kills = 0;
  readonly #random: Random;
  readonly #nodes: readonly TestServer[];
  readonly #up: boolean[];
  readonly #token: string;
  #ended = false;

  constructor(random: Random, nodes: readonly TestServer[], token: string) {
    this.#random = random;
    this.#nodes = nodes;
    this.#up = nodes.map(() => true);
    this.#token = token;
  }

  /** Readings that were acknowledged. */
  get readings(): number {
    return [...this.published.values()].reduce((sum, { length }) => sum + length, 0);
  }

  async call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${this.#nodes[0]!.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path} answered ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  async setUp(): Promise<void> {
    await this.call("POST", "/app", { name: "Plant", uid: APP });
    for (const { emits, rule } of CONDITIONS) {
      const body = { name: emits, uid: emits, emit: { type: emits }, eventTypes: ["reading"], rule };
      await this.call("POST", `/app/${APP}/watch`, body);
    }
    for (const { emits, rule } of TIMED) {
      const body = { name: emits, uid: emits, emit: { type: emits }, eventTypes: ["last"], rule };
      await this.call("POST", `/app/${APP}/watch`, body);
    }
  }

  /**
   * Starts the timers of all keys. Their messages are stored by one commit: on a busy machine, single requests could be so far apart that a
   * timer is due between the two values of a key, which is another transition. It is repeated, because nodes that have just started may
   * not reach the database in time.
   */
  async publishLast(): Promise<void> {
    const messages = [...this.published.keys()].flatMap((k) =>
      LAST_VALUES.map((v) => ({ eventType: "last", payload: { k, v }, idempotencyKey: `last-${k}-${v}` })),
    );
    const publish = async (): Promise<void> => {
      const { data } = await this.call<{ data: readonly { status: string }[] }>("POST", `/app/${APP}/msg/batch`, {
        messages,
      });
      assert.ok(!data.some(({ status }) => status === "failed"), JSON.stringify(data));
    };
    await eventually(publish, { timeoutMs: 120_000, intervalMs: 500 });
  }

  /** Sensors, each of which publishes one reading after the other until it is acknowledged. */
  sensors(): readonly Promise<void>[] {
    return Array.from({ length: KEYS }, (_, index) => this.#sensor(`sensor-${index}`, index));
  }

  async #sensor(key: string, index: number): Promise<void> {
    using client = new PersistentClient(() => this.#urlFor(index), 1);
    const readings: Reading[] = [];
    this.published.set(key, readings);
    while (!this.#ended) {
      if (this.left <= 0) {
        await delay(5);
        continue;
      }
      this.left--;
      const value = this.#random.below(12) === 0 ? "n/a" : this.#random.below(100);
      const request = JSON.stringify({ eventType: "reading", payload: { k: key, v: value } });
      const id = `${key}-${readings.length}`;
      const response = await client.post(apiCall(`/api/v1/app/${APP}/msg`, this.#token, id, request));
      assert.equal(response.status, 202, response.text);
      if (response.tries > 1) this.repeats++;
      readings.push(value);
    }
  }

  /** A node that is up, the same for a key as long as it is: messages of different nodes in one millisecond have no order. */
  #urlFor(index: number): string | null {
    const preferred = index % this.#nodes.length;
    if (this.#up[preferred]) return this.#nodes[preferred]!.url;
    return this.#nodes.find((_, node) => this.#up[node])?.url ?? null;
  }

  /** Kills a node at random, and starts it again. */
  async kill(): Promise<void> {
    const node = this.#random.below(this.#nodes.length);
    this.#up[node] = false;
    await this.#nodes[node]!.kill();
    await this.#nodes[node]!.restart();
    this.#up[node] = true;
    this.kills++;
  }

  end(): void {
    this.#ended = true;
  }

  /** The transitions of each watch and key that an undisturbed run reports. */
  expected(): Readonly<Record<string, readonly Reported[]>> {
    return Object.fromEntries(
      CONDITIONS.flatMap(({ emits, expected }) =>
        [...this.published].map(([key, readings]) => [`${emits} ${key}`, expected(readings)] as const),
      ),
    );
  }

  /** Waits until the watches have evaluated every reading. */
  async evaluated(): Promise<boolean> {
    const total = this.readings;
    const { data } = await this.call<{ data: readonly { uid: string; samples: number }[] }>("GET", `/app/${APP}/watch`);
    const last = this.published.size * LAST_VALUES.length;
    return data.every(({ uid, samples }) => samples === (TIMED.some(({ emits }) => emits === uid) ? last : total));
  }

  /** Every event of these watches that was published, oldest first. */
  async events(watches: readonly { readonly emits: string }[]): Promise<readonly Event[]> {
    const found: Event[] = [];
    let iterator = "";
    for (;;) {
      const types = watches.flatMap(({ emits }) => ["raised", "cleared", "changed"].map((kind) => `${emits}.${kind}`));
      const query = `limit=250&event_types=${types.join(",")}${iterator}`;
      const page = await this.call<{ data: Event[]; iterator: string; done: boolean }>(
        "GET",
        `/app/${APP}/msg?${query}`,
      );
      found.push(...page.data);
      if (page.done) return found.toReversed();
      iterator = `&iterator=${encodeURIComponent(page.iterator)}`;
    }
  }
}
