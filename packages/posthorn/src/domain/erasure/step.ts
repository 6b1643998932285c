/**
 * Steps of an erasure. Each is short, and the next one continues from the stored progress after a crash.
 *
 * The task goes through all places with payload data, in passes, until a pass finds nothing. A pass begins with the rows that are not
 * messages yet, because they can become messages while it runs. After everything is erased, the files of SQLite are cleaned.
 */
import { sql } from "kysely";
import { ERASURE_PLACES, type ErasurePlace } from "../../store/payload-columns.ts";
import { sealedIn } from "../../store/sealed-columns.ts";
import type { Tx } from "../../store/tx.ts";
import { recordSystemChange } from "../audit/trail.ts";
import type { Services } from "../context.ts";
import type { Step, StepResult } from "../task/step.ts";
import type { Task } from "../task/task.ts";
import { cleanFiles } from "./clean.ts";
import { foundIn } from "./counts.ts";
import { cataloguePlace, flowStatePlace, quarantinePlace, responsePlace, sourceErrorPlace } from "./derived.ts";
import { eraseAttempts } from "./erase-messages.ts";
import { type EraseData, type EraseParams, withCounts } from "./erasure.ts";
import { messagePlace } from "./messages.ts";
import type { Place, Search } from "./place.ts";
import { Subject } from "./subject.ts";
import { broadcastPlace, outboxPlace } from "./waiting.ts";
import { watchEventPlace, watchKeyPlace } from "./watch-state.ts";

const PLACES: Readonly<Record<ErasurePlace, Place>> = {
  outbox: outboxPlace,
  broadcasts: broadcastPlace,
  messages: messagePlace,
  quarantine: quarantinePlace,
  "watch keys": watchKeyPlace,
  "watch events": watchEventPlace,
  "flow state": flowStatePlace,
  catalogue: cataloguePlace,
  "source errors": sourceErrorPlace,
  responses: responsePlace,
};

/** New messages with the value could otherwise keep the task running forever. */
const MAX_PASSES = 20;
/** Messages whose attempts are checked in one step. */
const SETTLE_CHUNK = 100;

/** Runs the next part of an erasure. */
export async function eraseStep(services: Services, task: Task): Promise<Step> {
  const data = task.data as EraseData;
  if (data.phase === "clean") return clean(services, task, data);
  const search = await searchOf(services, task);
  if (data.phase === "settle") return settle(services, task, search, data);
  const name = ERASURE_PLACES[data.place];
  if (name === undefined) return endOfPass(services, task, search, data);
  return searchPlace(services, task, { search, data, name });
}

async function searchOf({ secretBox, store }: Services, task: Task): Promise<Search> {
  const { erasure: key } = task.params as EraseParams;
  const row = await store.db.selectFrom("erasure").selectAll().where("id", "=", key).executeTakeFirstOrThrow();
  const value = secretBox.open(row.value_sealed!, sealedIn("erasure.value_sealed", key));
  return {
    erasureKey: key,
    orgId: row.org_id,
    appKey: row.app_id,
    eventTypes: row.event_types_json === null ? null : new Set(JSON.parse(row.event_types_json) as string[]),
    subject: new Subject(row.path, value),
    isDryRun: row.dry_run === 1,
  };
}

interface Searching {
  readonly search: Search;
  readonly data: EraseData;
  readonly name: ErasurePlace;
}

async function searchPlace(services: Services, task: Task, { search, data, name }: Searching): Promise<Step> {
  const first = name === "messages" && data.passes > 0 ? data.recentFrom : null;
  const { next, counts, erase } = await PLACES[name](services, search, data.after ?? first);
  // Later passes read the same messages again.
  const { scanned = 0, unreadable = 0 } = data.passes === 0 ? counts : {};
  const position = next === null ? { place: data.place + 1, after: null } : { after: next };
  return {
    kind: "write",
    ...(erase === undefined ? {} : { before: () => overwriteFreed(services) }),
    write: async (tx) => {
      const erased = erase === undefined ? counts : await erase(tx);
      const changed = withCounts({ ...data, ...position }, { ...erased, scanned, unreadable });
      return progress(tx, task, { ...changed, found: data.found + foundIn(erased) });
    },
  };
}

/** Pages that are freed by erasing are overwritten. */
async function overwriteFreed({ store }: Services): Promise<void> {
  await store.freeSpace?.overwriteFreed(true);
}

async function endOfPass(services: Services, task: Task, search: Search, data: EraseData): Promise<Step> {
  if (search.isDryRun) return { kind: "write", write: (tx) => finish(services, tx, task, data) };
  const passes = data.passes + 1;
  // The first pass may have met rows that a request was about to change.
  const isLast = passes >= MAX_PASSES || (passes > 1 && data.found === 0);
  if (isLast) return { kind: "write", write: (tx) => endSearch(services, tx, task, data) };
  const next: EraseData = { ...data, phase: "settle", passes, settled: 0, settleFrom: services.now() };
  return { kind: "write", write: (tx) => progress(tx, task, next) };
}

/**
 * Waits until every request has ended that had read a row before it was erased, and erases what attempts have recorded meanwhile. On
 * PostgreSQL, an attempt can be recorded by a statement that does not see yet that its message was erased.
 */
async function settle(services: Services, task: Task, search: Search, data: EraseData): Promise<Step> {
  const { keyring, now, store } = services;
  const restMs = data.settleFrom! + keyring.settleMs - now();
  if (restMs > 0) return { kind: "wait", waitMs: Math.min(restMs, keyring.settleMs) };
  const rows = await store.db
    .selectFrom("message_erasure")
    .select("message_id")
    .where("erasure_id", "=", search.erasureKey)
    .where("message_id", ">", data.settled)
    .orderBy("message_id")
    .limit(SETTLE_CHUNK)
    .execute();
  const keys = rows.map(({ message_id }) => message_id);
  const last = keys.at(-1);
  if (last === undefined) {
    const next: EraseData = { ...data, phase: "search", place: 0, after: null, found: 0, settleFrom: null };
    return { kind: "write", write: (tx) => progress(tx, task, next) };
  }
  return {
    kind: "write",
    before: () => overwriteFreed(services),
    write: async (tx) => {
      const attempts = await eraseAttempts(tx, search.subject, keys);
      return progress(tx, task, withCounts({ ...data, settled: last }, { attempts }));
    },
  };
}

/** Writes the receipt, and deletes the value. */
async function endSearch(services: Services, tx: Tx, task: Task, data: EraseData): Promise<StepResult> {
  if (services.store.freeSpace === null) return finish(services, tx, task, data);
  await receipt(services, tx, task, data, "cleaning");
  const next: EraseData = { ...data, phase: "clean" };
  return { data: next, end: null, waitMs: 0 };
}

async function finish(services: Services, tx: Tx, task: Task, data: EraseData): Promise<StepResult> {
  await receipt(services, tx, task, data, "finished");
  return { data, end: "finished", waitMs: 0 };
}

async function receipt(
  services: Services,
  tx: Tx,
  task: Task,
  { counts }: EraseData,
  state: "cleaning" | "finished",
): Promise<void> {
  const { erasure: key } = task.params as EraseParams;
  const row = await tx.db
    .selectFrom("erasure")
    .select(["public_id", "dry_run", "value_sealed"])
    .where("id", "=", key)
    .executeTakeFirstOrThrow();
  const changed = { state, counts_json: JSON.stringify(counts), ended_at: services.now(), value_sealed: null };
  await tx.db.updateTable("erasure").set(changed).where("id", "=", key).execute();
  if (row.dry_run === 1) return;
  await recordSystemChange(services, tx, {
    orgId: task.orgId,
    action: "system.erasure.finish",
    target: { kind: "erasure", id: row.public_id, name: null },
    application: null,
    facts: { messages: counts.messages, attempts: counts.attempts, deliveries: counts.deliveries },
  });
}

async function progress({ db }: Tx, task: Task, data: EraseData): Promise<StepResult> {
  const { erasure: key } = task.params as EraseParams;
  await db
    .updateTable("erasure")
    .set({ counts_json: JSON.stringify(data.counts) })
    .where("id", "=", key)
    .execute();
  return { data, end: null, waitMs: 0 };
}

async function clean(services: Services, task: Task, data: EraseData): Promise<Step> {
  const { isClean, position, isBlocked } = await cleanFiles(services.store, data.clean);
  if (isBlocked) return { kind: "wait", waitMs: BLOCKED_MS };
  if (!isClean)
    return { kind: "write", write: async () => ({ data: { ...data, clean: position }, end: null, waitMs: 0 }) };
  const { erasure: key } = task.params as EraseParams;
  return {
    kind: "write",
    write: async ({ db }) => {
      await db.updateTable("erasure").set({ state: "finished" }).where("id", "=", key).execute();
      return { data, end: "finished", waitMs: 0 };
    },
  };
}

/** Pause while a reader uses the log. */
const BLOCKED_MS = 50;

/** Deletes the records of erased messages that retention has deleted, and the values of requests whose task failed. */
export async function expireErasures({ store }: Pick<Services, "store">): Promise<void> {
  await store.transaction(
    ({ db }) =>
      db
        .updateTable("erasure")
        .set({ value_sealed: null })
        .where("value_sealed", "is not", null)
        .where("task_id", "in", (eb) => eb.selectFrom("task").select("id").where("ended_at", "is not", null))
        .execute(),
    "erasure.expire",
  );
  const oldest = await store.db.selectFrom("message").select("id").orderBy("id").limit(1).executeTakeFirst();
  if (oldest === undefined) return;
  await store.transaction(async ({ db }) => {
    await sql`DELETE FROM message_erasure WHERE message_id IN (
      SELECT message_id FROM message_erasure WHERE message_id < ${oldest.id} ORDER BY message_id LIMIT ${EXPIRED_STEP})`.execute(
      db,
    );
  }, "erasure.expire");
}

const EXPIRED_STEP = 1000;
