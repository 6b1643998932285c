/** Watches over a real store, without a node: publishes readings at past times, and evaluates watches at times that the test sets. */
import { eventually } from "@posthorn/testkit";
import type { RuleJson } from "../../src/conditions/schema.ts";
import type { Services } from "../../src/domain/context.ts";
import { evaluateWatch, WatchMoved } from "../../src/domain/watch/evaluate.ts";
import { IdGenerator, keyAtTime } from "../../src/lib/id.ts";
import { settledHere } from "../../src/node/settled-keys.ts";
import type { Store } from "../../src/store/store.ts";
import { servicesOver } from "./services.ts";
import { acceptEntry, onPostgres, openStore, type TestStore } from "./store.ts";

export const MINUTE = 60_000;
const APP = 1;

/** A reading at a time, Unix milliseconds. */
export interface Reading {
  readonly at: number;
  readonly body: unknown;
  /** Metadata that the source has stored, such as the topic. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The moment at which a process dies. */
export type Death = "before the commit" | "after the commit";

export class Killed extends Error {
  override readonly name = "Killed";
}

export class WatchStore implements AsyncDisposable {
  readonly #opened: TestStore;
  readonly services: Services;
  /** The time of the next step. */
  now = 0;
  #nextKey = 900;

  private constructor(opened: TestStore) {
    this.#opened = opened;
    const { store } = opened;
    const ids = new IdGenerator(Date.now, 0, onPostgres ? 1 : null);
    const horizon = (): Promise<number> =>
      store.feedHorizon(() => settledHere({ store, ids, attempts: () => 0 }).messages);
    this.services = {
      ...servicesOver(store).services,
      ids,
      now: () => this.now,
      feeds: { horizon, known: 0, wait: () => Promise.resolve() },
    };
  }

  static async open(): Promise<WatchStore> {
    return new WatchStore(await openStore());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened[Symbol.asyncDispose]();
  }

  /** Publishes readings of the past, and waits until readers of feeds see them. Two readings of one time keep their order. */
  async publish(readings: readonly Reading[]): Promise<void> {
    const { store, ids, feeds } = this.services;
    let last = 0;
    for (const { at, body, headers } of readings) {
      const key = Math.max(keyAtTime(at) + 1, last + 1);
      last = key;
      const payload = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
      const requestJson = headers === undefined ? null : requestWith(headers);
      await store.accept(acceptEntry(key, { publicId: `msg_${key}`, payload, requestJson, due: 0, endpointIds: [] }));
    }
    // A key of now, so that the horizon passes the others.
    const { key } = ids.next("msg_");
    const payload = Buffer.from("{}");
    await store.accept(acceptEntry(key, { publicId: `msg_${key}`, payload, due: 0, endpointIds: [] }));
    // PostgreSQL moves the horizon past a key only when no transaction below it can be open.
    await eventually(async () => {
      if ((await feeds.horizon()) < key) throw new Error("the readings are not in the feed yet");
    });
  }

  /** Creates a watch. All watches have the same public ID, so that the events of two of them can be compared. */
  async watch(rule: RuleJson, { key = this.#nextKey++, at = Date.now() - 31 * MINUTE } = {}): Promise<number> {
    await this.services.store.transaction(async ({ db }) => {
      await db
        .insertInto("watch")
        .values({
          id: key,
          public_id: "watch_same",
          org_id: 1,
          app_id: APP,
          // The outbox allows an event ID once in an application.
          target_id: key,
          uid: null,
          name: "Same",
          event_types_json: null,
          emit_type: "test",
          rule_json: JSON.stringify(rule),
          version: 1,
          keyed_since: 1,
          paused: 0,
          revision: 1,
          cursor_key: 0,
          cursor_late: 0,
          key_count: 0,
          samples: 0,
          unreadable: 0,
          ignored: 0,
          overflow_at: null,
          created_at: at,
          updated_at: at,
        })
        .execute();
    });
    return key;
  }

  /** Evaluates a watch at each of these times until nothing is left to do. A step that dies is repeated from the database. */
  async run(services: Services, watch: number, times: readonly number[]): Promise<void> {
    for (const time of times) {
      this.now = time;
      for (let more = true; more;) {
        try {
          const step = await evaluateWatch(services, watch, null);
          more = step!.more || (step!.due !== null && step!.due <= this.now - 2000);
        } catch (error) {
          if (!(error instanceof Killed) && !(error instanceof WatchMoved)) throw error;
        }
      }
    }
  }

  /** The events that a watch has published, and its stored state. */
  async resultOf(watch: number) {
    const { db } = this.services.store;
    const events = await db
      .selectFrom("outbox")
      .select(["event_id", "event_type", "payload"])
      .where("app_id", "=", watch)
      .orderBy("event_id")
      .execute();
    const keys = await db
      .selectFrom("watch_key")
      .select(["name", "phase", "due", "state"])
      .where("watch_id", "=", watch)
      .orderBy("name")
      .execute();
    const { key_count, samples, unreadable } = await db
      .selectFrom("watch")
      .selectAll()
      .where("id", "=", watch)
      .executeTakeFirstOrThrow();
    return {
      events: events.map(({ event_id, event_type, payload }) => ({
        event_id,
        event_type,
        payload: Buffer.from(payload).toString(),
      })),
      keys,
      totals: { key_count, samples, unreadable },
    };
  }

  /** Transitions of a watch in the order in which it reported them, such as `freezer-1 raised`. */
  async transitions(watch: number): Promise<readonly string[]> {
    const rows = await this.services.store.db
      .selectFrom("outbox")
      .select(["event_type", "payload"])
      .where("app_id", "=", watch)
      .orderBy("id")
      .execute();
    return rows.map(({ event_type, payload }) => {
      const { key } = JSON.parse(Buffer.from(payload).toString()) as { readonly key: string };
      return `${key} ${event_type.slice("test.".length)}`.trim();
    });
  }

  /** Transitions of a watch, as the minute since a time, the key and the phase. */
  async timeline(watch: number, since: number): Promise<readonly string[]> {
    const rows = await this.services.store.db
      .selectFrom("outbox")
      .select("payload")
      .where("app_id", "=", watch)
      .orderBy("id")
      .execute();
    const found = rows.map(({ payload }) => {
      const { at, key, phase } = JSON.parse(Buffer.from(payload).toString()) as Record<"at" | "key" | "phase", string>;
      return { minute: Math.round((Date.parse(at) - since) / MINUTE), key, phase };
    });
    return found
      .toSorted((one, other) => one.minute - other.minute)
      .map(({ minute, key, phase }) => `${minute} ${key} ${phase}`);
  }

  /** Services whose feeds end at the current time of the test, like those of a node that has followed the messages from the start. */
  live(): Services {
    const { feeds } = this.services;
    const horizon = async (): Promise<number> => Math.min(await feeds.horizon(), keyAtTime(this.now));
    return { ...this.services, feeds: { ...feeds, horizon } };
  }

  /** Services whose process dies at commits. `deathOf` says how the nth commit, from 0, ends; `null`: it succeeds. */
  killing(
    services: Services,
    deathOf: (commit: number) => Death | null,
  ): { readonly services: Services; readonly kills: () => number } {
    let commits = 0;
    let kills = 0;
    const dying = async (target: Store, ...[work, operation]: Parameters<Store["transaction"]>): Promise<unknown> => {
      const death = deathOf(commits++);
      if (death === null) return target.transaction(work, operation);
      kills += 1;
      await target.transaction(async (tx) => {
        await work(tx);
        if (death === "before the commit") throw new Killed(death);
      }, operation);
      throw new Killed(death);
    };
    const store = withTransaction(services.store, dying as never);
    return { services: { ...services, store }, kills: () => kills };
  }
}

/** A store whose transactions run through a function. */
export function withTransaction(
  store: Store,
  transaction: (store: Store, ...call: Parameters<Store["transaction"]>) => Promise<never>,
): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === "transaction") return (...call: Parameters<Store["transaction"]>) => transaction(target, ...call);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** A stored request, like those of sources that Posthorn reads. */
function requestWith(headers: Readonly<Record<string, string>>): string {
  const origin = { provider: "test", scheme: "test", trust: "none", deliveryId: null, occurredAt: null };
  return JSON.stringify({
    method: "POST",
    path: "",
    query: "",
    headers: Object.entries(headers).flat(),
    address: "",
    origin,
  });
}
