/**
 * Evaluates a watch: reads the messages after its cursor, applies them and the timers that are due to its keys, and commits the new states,
 * the cursor and the events of the transitions in one transaction.
 *
 * The transaction names the revision of the watch that it was made from. A node that lost the watch to another one while it evaluated, or
 * was frozen in between, therefore changes nothing. A step that is repeated after a crash starts from the same states and messages, and
 * reports the same transitions.
 */
import { readingsOf } from "../../conditions/readings.ts";
import { deserialise, serialise } from "../../conditions/state.ts";
import { timeOfKey } from "../../lib/id.ts";
import type { Tx } from "../../store/tx.ts";
import type { Services } from "../context.ts";
import { readPage } from "../feed/page.ts";
import { compare, type Position, timeOf } from "../feed/position.ts";
import { emit, eventOf, overflowEvent, type WatchEvent } from "./emit.ts";
import { type KeyTransition, MAX_READINGS_AT_ONCE, WatchKeys } from "./key-run.ts";
import { type Cause, causeOf, isEvaluated, loadCauses, loadSamples, type StoredSample } from "./samples.ts";
import { PHASES, RuleCache, toWatch, type Watch } from "./watch.ts";

/** Result of a step. */
export interface WatchStep {
  /** Whether there is more to do at once. */
  readonly more: boolean;
  /** Position up to which messages were read. */
  readonly readTo: Position;
  /** When the next timer fires, as its sample time; `null`: none is set. */
  readonly due: number | null;
  readonly transitions: number;
  readonly samples: number;
}

/** Another node, or a change of the watch, moved it at the same time. Nothing was written. */
export class WatchMoved extends Error {
  override readonly name = "WatchMoved";
}

/** Timers fire this much later than they are due, so that messages that were accepted before are in the feed. */
export const SETTLE_MS = 1000;
const PAGE = 100;
const TIMERS = 200;
/** Once this part of the keys is free again, the next overflow is reported. */
const FREE_SHARE = 0.1;

const rules = new RuleCache();

/** Moves a watch by one step. `null`: it no longer exists, or is paused. */
export async function evaluateWatch(
  services: Services,
  watchKey: number,
  readTo: Position | null,
): Promise<WatchStep | null> {
  const { store, feeds, now } = services;
  const row = await store.db.selectFrom("watch").selectAll().where("id", "=", watchKey).executeTakeFirst();
  if (row === undefined || row.paused === 1) return null;
  const watch = toWatch(row);
  const at = now();
  const from = readTo !== null && compare(watch.cursor, readTo) < 0 ? readTo : watch.cursor;
  const page = await readPage(
    store.db,
    { appKey: watch.appKey, endpointKey: 0 },
    {
      from,
      horizon: await feeds.horizon(),
      limit: PAGE,
      filter: { eventTypes: watch.eventTypes === null ? null : new Set(watch.eventTypes), channel: null },
    },
  );
  const samples = await loadSamples(
    store.db,
    page.messages.map(({ message }) => message),
  );
  const step = new Step(services, watch, await upSince(services, at), await remainingKeys(services, watch, row.org_id));
  const taken = await step.apply(samples);
  const isWhole = taken === samples.length;
  const end = isWhole ? page.end : page.messages[taken - 1]!.position;
  const isDone = isWhole && page.done;
  const timers = await step.fire((isDone ? at : Math.min(at, timeOf(end))) - SETTLE_MS);
  const hasNews = samples.length > 0 || timers > 0 || !page.done;
  if (hasNews) await step.commit(end);
  return {
    more: !isDone || timers === TIMERS,
    readTo: end,
    due: await nextDue(services, watchKey),
    transitions: step.keys.transitions.length,
    samples: step.keys.samples,
  };
}

/** Since when some node has been receiving without interruption, as the activity of sources measures it. */
async function upSince({ store }: Services, at: number): Promise<number> {
  const row = await store.db.selectFrom("ingest_uptime").selectAll().executeTakeFirst();
  if (row === undefined) return 0;
  return at - row.seen_at > UPTIME_BREAK_MS ? at : row.up_since;
}

/** As in `activity/find-inactive.ts`. */
const UPTIME_BREAK_MS = 180_000;

async function remainingKeys({ store, rules: limits }: Services, watch: Watch, orgKey: number): Promise<number> {
  const own = rules.of(watch).maxKeys - watch.keyCount;
  const { keys } = await store.db
    .selectFrom("watch")
    .select((eb) => eb.fn.coalesce(eb.fn.sum<number>("key_count"), eb.lit(0)).as("keys"))
    .where("org_id", "=", orgKey)
    .executeTakeFirstOrThrow();
  return Math.min(own, limits.watches.maxKeys - keys);
}

async function nextDue({ store }: Services, watchKey: number): Promise<number | null> {
  const row = await store.db
    .selectFrom("watch_key")
    .select("due")
    .where("watch_id", "=", watchKey)
    .where("due", "is not", null)
    .orderBy("due")
    .limit(1)
    .executeTakeFirst();
  return row?.due ?? null;
}

class Step {
  readonly #services: Services;
  readonly #watch: Watch;
  readonly #causes = new Map<number, Cause>();
  #overflow: { readonly message: number } | null = null;
  readonly #room: number;
  readonly keys: WatchKeys;

  constructor(services: Services, watch: Watch, since: number, room: number) {
    this.#services = services;
    this.#watch = watch;
    this.#room = room;
    this.keys = new WatchKeys({ watch, rule: rules.of(watch), upSince: since, room });
  }

  /** Applies messages in their order. Returns how many: a run ends early if they have very many readings. */
  async apply(samples: readonly StoredSample[]): Promise<number> {
    const rule = rules.of(this.#watch);
    let readings = 0;
    let taken = 0;
    const found = [];
    for (const stored of samples) {
      if (taken > 0 && readings >= MAX_READINGS_AT_ONCE) break;
      taken += 1;
      if (!isEvaluated(stored, this.#watch.key)) continue;
      const read = readingsOf(rule, stored.sample);
      readings += read.readings.length;
      found.push({ stored, read });
    }
    await this.#load(found.flatMap(({ read }) => read.readings.map(({ key }) => key)));
    for (const { stored, read } of found) {
      const { ignored } = this.keys;
      this.keys.apply(stored, read);
      this.#causes.set(stored.message.key, causeOf(stored));
      if (this.keys.ignored > ignored) this.#overflow ??= { message: stored.message.key };
    }
    return taken;
  }

  /** Fires the timers that are due. Returns how many rows had one. */
  async fire(upTo: number): Promise<number> {
    const rows = await this.#services.store.db
      .selectFrom("watch_key")
      .select(["name", "state"])
      .where("watch_id", "=", this.#watch.key)
      .where("due", "<=", upTo)
      .orderBy("due")
      .limit(TIMERS)
      .execute();
    for (const { name, state } of rows) {
      this.keys.load(name, deserialise(state));
      this.keys.tick(name, upTo);
    }
    return rows.length;
  }

  async commit(cursor: Position): Promise<void> {
    const watch = this.#watch;
    const { keys } = this;
    const events = await this.#events();
    const overflowAt = this.#overflowAt();
    await this.#services.store.transaction(async (tx) => {
      await moveWatch(tx, watch, {
        cursor_key: cursor.key,
        cursor_late: cursor.late,
        key_count: watch.keyCount + keys.growth,
        samples: watch.samples + keys.samples,
        unreadable: watch.unreadable + keys.unreadable,
        ignored: watch.ignored + keys.ignored,
        overflow_at: overflowAt,
      });
      await this.#saveKeys(tx);
      await emit(this.#services, tx, watch, events);
    }, "watch.evaluate");
  }

  #overflowAt(): number | null {
    const { overflowAt } = this.#watch;
    if (this.#overflow !== null) return overflowAt ?? timeOfKey(this.#overflow.message);
    return this.#room - this.keys.growth >= rules.of(this.#watch).maxKeys * FREE_SHARE ? null : overflowAt;
  }

  async #events(): Promise<readonly WatchEvent[]> {
    const { transitions } = this.keys;
    const messages = transitions.map(({ transition }) => transition.message);
    const unknown = new Set(messages.filter((key) => key !== null && !this.#causes.has(key)));
    for (const [key, cause] of await loadCauses(this.#services.store.db, [...unknown].map(Number))) {
      this.#causes.set(key, cause);
    }
    const eventFor = (found: KeyTransition): WatchEvent => {
      const { message } = found.transition;
      return eventOf(this.#watch, found, message === null ? null : (this.#causes.get(message) ?? null));
    };
    const events = transitions.map(eventFor);
    if (this.#overflow === null || this.#watch.overflowAt !== null) return events;
    const { message } = this.#overflow;
    return [
      ...events,
      overflowEvent(this.#watch, timeOfKey(message), { message, limit: rules.of(this.#watch).maxKeys }),
    ];
  }

  async #load(names: readonly string[]): Promise<void> {
    const missing = [...new Set(names)].filter((name) => !this.keys.knows(name));
    for (let from = 0; from < missing.length; from += NAMES_AT_ONCE) {
      const rows = await this.#services.store.db
        .selectFrom("watch_key")
        .select(["name", "state"])
        .where("watch_id", "=", this.#watch.key)
        .where("name", "in", missing.slice(from, from + NAMES_AT_ONCE))
        .execute();
      for (const { name, state } of rows) this.keys.load(name, deserialise(state));
    }
  }

  async #saveKeys({ db }: Tx): Promise<void> {
    const changes = this.keys.changes();
    const gone = changes.filter(({ state }) => state === null).map(({ name }) => name);
    for (let from = 0; from < gone.length; from += NAMES_AT_ONCE) {
      const names = gone.slice(from, from + NAMES_AT_ONCE);
      await db.deleteFrom("watch_key").where("watch_id", "=", this.#watch.key).where("name", "in", names).execute();
    }
    const rows = changes.flatMap(({ name, state }) =>
      state === null
        ? []
        : [
            {
              watch_id: this.#watch.key,
              name,
              phase: PHASES.indexOf(state.phase),
              due: this.keys.dueOf(state),
              state: serialise(state),
            },
          ],
    );
    for (let from = 0; from < rows.length; from += NAMES_AT_ONCE) {
      await db
        .insertInto("watch_key")
        .values(rows.slice(from, from + NAMES_AT_ONCE))
        .onConflict((conflict) =>
          conflict.columns(["watch_id", "name"]).doUpdateSet((eb) => ({
            phase: eb.ref("excluded.phase"),
            due: eb.ref("excluded.due"),
            state: eb.ref("excluded.state"),
          })),
        )
        .execute();
    }
  }
}

/** Rows of one statement. */
const NAMES_AT_ONCE = 500;

type Move = Partial<
  Record<"cursor_key" | "cursor_late" | "key_count" | "samples" | "unreadable" | "ignored", number> & {
    readonly overflow_at: number | null;
  }
>;

/** Moves a watch from the revision that was read. Throws {@link WatchMoved} if it has another one by now. */
export async function moveWatch(
  { db }: Tx,
  { key, revision }: Pick<Watch, "key" | "revision">,
  move: Move,
): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable("watch")
    .set({ ...move, revision: revision + 1 })
    .where("id", "=", key)
    .where("revision", "=", revision)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new WatchMoved("The watch was moved at the same time.");
}
