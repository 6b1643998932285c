/** Two relays of one outbox, under random commits, lost notifications, locks, failures and restarts. */
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { OutboxRelay } from "../../src/workers/outbox-relay.ts";
import type { Services } from "../../src/domain/context.ts";
import { keyAtTime } from "../../src/lib/id.ts";
import { StoreError } from "../../src/store/errors.ts";
import { LOCK, lockCall } from "../../src/store/postgres/locks.ts";
import type { Store } from "../../src/store/store.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { insertEndpoint, servicesOver } from "../support/services.ts";
import { onPostgres, openPostgresStore } from "../support/store.ts";

type Step =
  /** A transaction commits, and the relays that listen receive its notice. */
  | { readonly kind: "publish"; readonly orderingKey: string }
  /** The connection on which a relay listens breaks: notifications are lost until it listens again. */
  | { readonly kind: "unlink" | "link"; readonly relay: number }
  /** Another node takes the lock of the outbox and does nothing with it, or dies. */
  | { readonly kind: "hold" }
  | { readonly kind: "free" }
  /** The database fails the next scan of a relay that has more rows than this, after it has stored this many. */
  | { readonly kind: "fail"; readonly relay: number; readonly after: number }
  /** The node of a relay starts again. It receives notifications from then on, and missed earlier ones. */
  | { readonly kind: "restart"; readonly relay: number }
  /** The start of the node is complete. */
  | { readonly kind: "started"; readonly relay: number }
  | { readonly kind: "advance"; readonly ms: number };

const relay = fc.nat(1);
const STEP: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("publish" as const), orderingKey: fc.constantFrom("a", "b") }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("unlink" as const, "link" as const), relay }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("hold" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("free" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("fail" as const), relay, after: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("restart" as const, "started" as const), relay }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("advance" as const), ms: fc.constantFrom(250, 1000, 5000) }) },
);
/** Covers the pause after a failure and the scan for rows of lost notifications. */
const CAUGHT_UP_MS = 5000;

/** The relay of one node. Its store is the real one, except for failures on request. */
class Relay {
  readonly #watch: OutboxRelay;
  readonly #looks = new Set<Promise<unknown>>();
  #failAfter: number | null = null;

  constructor(services: Services, clock: ManualClock, stored: number[]) {
    const { store } = services;
    const changed: Pick<Store, "alone" | "acceptInOrder"> = {
      alone: (work) => this.#track(store.alone(work)),
      acceptInOrder: async (entries) => {
        const after = this.#failAfter ?? entries.length;
        if (entries.length > after) this.#failAfter = null;
        const made = await store.acceptInOrder(entries.slice(0, after));
        const reason = new StoreError("storage_unavailable", "The database is unavailable.");
        return [...made, ...entries.slice(after).map(() => ({ status: "rejected", reason }) as const)];
      },
    };
    const own: Services = {
      ...services,
      store: overriding(store, changed),
      dispatch: {
        ...services.dispatch,
        push: (jobs) => void stored.push(...jobs.map(({ messageId }) => messageId)),
      },
    };
    this.#watch = new OutboxRelay({
      services: () => own,
      clock,
      looks: true,
      onFailure: () => undefined,
      onParked: () => expect.unreachable(),
    });
  }

  started(): void {
    this.#watch.started();
  }

  wake(from?: number): void {
    this.#watch.wake(from);
  }

  failAfter(rows: number): void {
    this.#failAfter = rows;
  }

  /** Resolves when no scan is in progress. */
  async settled(): Promise<void> {
    do {
      await Promise.allSettled(this.#looks);
      await turn();
    } while (this.#looks.size > 0);
  }

  async stop(): Promise<void> {
    await this.#watch[Symbol.asyncDispose]();
  }

  #track<T>(look: Promise<T>): Promise<T> {
    this.#looks.add(look);
    const ended = (): void => void this.#looks.delete(look);
    look.then(ended, ended);
    return look;
  }
}

function overriding(store: Store, changes: Partial<Store>): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const changed: unknown = Reflect.get(changes, name);
      if (changed !== undefined) return changed;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

class Scene {
  readonly stored: number[] = [];
  /** Keys of the published rows, in the order of their commits, by ordering key. */
  readonly published = new Map<string, number[]>([
    ["a", []],
    ["b", []],
  ]);
  readonly #services: Services;
  readonly #client: pg.Client;
  readonly #clock = new ManualClock();
  readonly #relays: Relay[];
  readonly #firstKey: number;
  readonly #unlinked = new Set<number>();
  #isHeld = false;
  #rows = 0;

  constructor(services: Services, client: pg.Client, firstKey: number) {
    this.#services = services;
    this.#client = client;
    this.#firstKey = firstKey;
    this.#relays = [0, 1].map(() => this.#construct());
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case "publish":
        return this.#publish(step.orderingKey);
      case "unlink":
        this.#unlinked.add(step.relay);
        return;
      case "link":
        return this.#link(step.relay);
      case "hold":
        return this.#hold();
      case "free":
        return this.#free();
      case "fail":
        return this.#relays[step.relay]!.failAfter(step.after);
      case "restart":
        await this.#relays[step.relay]!.stop();
        this.#relays[step.relay] = this.#construct();
        return;
      case "started":
        return this.#relays[step.relay]!.started();
      case "advance":
        return this.#advance(step.ms);
    }
  }

  /** Everything works again, for long enough. */
  async finish(): Promise<void> {
    await this.#free();
    for (const each of this.#relays) {
      each.failAfter(Number.POSITIVE_INFINITY);
      each.started();
    }
    for (let n = 0; n < 3; n++) await this.#advance(CAUGHT_UP_MS);
    for (const each of this.#relays) await each.stop();
  }

  /** A node that listens again scans everything, because it does not know which notifications it missed. */
  #link(index: number): void {
    if (this.#unlinked.delete(index)) this.#relays[index]!.wake();
  }

  #construct(): Relay {
    return new Relay(this.#services, this.#clock, this.stored);
  }

  async #publish(orderingKey: string): Promise<void> {
    const key = this.#firstKey + this.#rows++;
    await this.#services.store.db
      .insertInto("outbox")
      .values({
        id: key,
        public_id: `msg_${key}`,
        app_id: 1,
        event_type: "order.paid",
        event_id: null,
        channels_json: null,
        tags_json: null,
        payload: Buffer.from("{}"),
        content_type: "application/json",
        ordering_key: orderingKey,
        due: null,
        deliver_until: null,
        ttl_ms: null,
        retention_ms: null,
      })
      .execute();
    this.published.get(orderingKey)!.push(key);
    for (const [index, each] of this.#relays.entries()) if (!this.#unlinked.has(index)) each.wake(key);
  }

  /** Waits for the relay that has the lock. */
  async #hold(): Promise<void> {
    if (this.#isHeld) return;
    this.#isHeld = true;
    await this.#client.query(`BEGIN; SELECT ${lockCall(LOCK.outbox)}`);
  }

  async #free(): Promise<void> {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    await this.#client.query("ROLLBACK");
  }

  async #advance(ms: number): Promise<void> {
    for (const each of this.#relays) await each.settled();
    this.#clock.advance(ms);
    for (const each of this.#relays) await each.settled();
  }
}

describe.skipIf(!onPostgres)("two relays of one outbox", () => {
  it("store every row once, and the rows of one key in the order of their commits", async () => {
    await using files = await openPostgresStore();
    const { services } = servicesOver(files.store);
    await insertEndpoint(services, "http://127.0.0.1:8080/", {});
    const client = new pg.Client(files.location);
    await client.connect();
    let firstKey = keyAtTime(Date.now());
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(STEP, { minLength: 5, maxLength: 30 }), async (steps) => {
          firstKey += 1000;
          const scene = new Scene(services, client, firstKey);
          for (const step of steps) await scene.take(step);
          await scene.finish();
          for (const keys of scene.published.values()) {
            expect(scene.stored.filter((key) => keys.includes(key))).toEqual(keys);
          }
        }),
        { numRuns: 60 },
      );
    } finally {
      await client.end();
    }
  });
});
