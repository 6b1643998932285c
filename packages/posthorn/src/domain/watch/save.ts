/** Creates, changes and deletes watches. */
import { compileRule } from "../../conditions/parse.ts";
import { RuleError } from "../../conditions/problem.ts";
import type { RuleJson } from "../../conditions/schema.ts";
import { deserialise, newState, serialise } from "../../conditions/state.ts";
import { closed, dueAt } from "../../conditions/step.ts";
import type { Rule } from "../../conditions/types.ts";
import { invalid, notFound, PosthornError } from "../../lib/errors.ts";
import type { Tx } from "../../store/tx.ts";
import { getApplication } from "../application/find.ts";
import { atomically, type Call, type OutsideCall, reader, type TransactionContext } from "../context.ts";
import { emit, eventOf } from "./emit.ts";
import { moveWatch } from "./evaluate.ts";
import { findWatch, type WatchRef } from "./find.ts";
import { removeWatches } from "./remove.ts";
import { PHASES, toWatch, type Watch, type WatchRow } from "./watch.ts";

export interface WatchInput {
  readonly name: string;
  readonly uid: string | null;
  readonly eventTypes: readonly string[] | null;
  readonly emitType: string;
  /** Application that receives the events; `null`: the one that is watched. */
  readonly emitApp: string | null;
  readonly rule: RuleJson;
  readonly isPaused: boolean;
}

/** Checks a rule. Throws a validation error with the place in the body of the request. */
export function requireRule(rule: RuleJson): Rule {
  try {
    return compileRule(rule);
  } catch (error) {
    if (error instanceof RuleError) throw invalid(["body", "rule", ...error.path], error.message);
    throw error;
  }
}

/** Begins with messages that are published from now on. */
export async function createWatch(call: OutsideCall<WatchInput & { readonly app: string }>): Promise<Watch> {
  requireRule(call.input.rule);
  const horizon = await call.ctx.services.feeds.horizon();
  return insertWatch(call, horizon);
}

/** Creates a watch that evaluates the messages from a position of the feed on. */
export function insertWatch(call: Call<WatchInput & { readonly app: string }>, horizon: number): Promise<Watch> {
  const rule = requireRule(call.input.rule);
  return atomically(call, async ({ ctx, input }) => {
    const application = await getApplication(ctx, input.app);
    await checkRoom(ctx, rule);
    await checkUid(ctx, application.key, input.uid, null);
    const { ids, now } = ctx.services;
    const { key, id } = ids.next("watch_");
    const at = now();
    const names = rule.read.key === null ? [""] : rule.expect;
    const isArmed = rule.changed === null && (rule.expect.length > 0 || rule.read.key === null);
    const row: WatchRow = {
      id: key,
      public_id: id,
      org_id: ctx.actor.orgId,
      app_id: application.key,
      target_id: await targetOf(ctx, input, application.key),
      ...columnsOf(input),
      version: 1,
      keyed_since: 1,
      revision: 1,
      cursor_key: horizon,
      cursor_late: 0,
      key_count: isArmed ? names.length : 0,
      samples: 0,
      unreadable: 0,
      ignored: 0,
      overflow_at: null,
      created_at: at,
      updated_at: at,
    };
    await ctx.tx.db.insertInto("watch").values(row).execute();
    if (isArmed) await arm(ctx.tx, row, rule, names, at);
    ctx.tx.signal({ kind: "condition", key });
    ctx.audit?.created("watch", id, input.name);
    return toWatch(row);
  });
}

/** Adds the keys whose silence is measured before their first sample. */
async function arm(
  { db }: Tx,
  { id, version }: WatchRow,
  rule: Rule,
  names: readonly string[],
  at: number,
): Promise<void> {
  const rows = names.map((name) => {
    const state = newState(rule, { version, incarnation: id, at, expected: true });
    return { watch_id: id, name, phase: 0, due: dueAt(rule, state, 0), state: serialise(state) };
  });
  await db
    .insertInto("watch_key")
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

function columnsOf({ name, uid, eventTypes, emitType, rule, isPaused }: WatchInput) {
  return {
    uid,
    name,
    event_types_json: eventTypes === null ? null : JSON.stringify(eventTypes),
    emit_type: emitType,
    rule_json: JSON.stringify(rule),
    paused: isPaused ? 1 : 0,
  };
}

async function targetOf(ctx: TransactionContext, { emitApp }: WatchInput, appKey: number): Promise<number> {
  return emitApp === null ? appKey : (await getApplication(ctx, emitApp)).key;
}

async function checkRoom(ctx: TransactionContext, { expect }: Rule): Promise<void> {
  const { watches, keys } = await ctx.tx.db
    .selectFrom("watch")
    .select((eb) => [
      eb.fn.countAll<number>().as("watches"),
      eb.fn.coalesce(eb.fn.sum<number>("key_count"), eb.lit(0)).as("keys"),
    ])
    .where("org_id", "=", ctx.actor.orgId)
    .executeTakeFirstOrThrow();
  const limits = ctx.services.rules.watches;
  if (watches >= limits.max) {
    throw new PosthornError(
      "limit_reached",
      `An organisation can have up to ${limits.max} watches (POSTHORN_MAX_WATCHES).`,
    );
  }
  if (keys + Math.max(1, expect.length) > limits.maxKeys) {
    throw new PosthornError(
      "limit_reached",
      `The watches of an organisation can have up to ${limits.maxKeys} keys (POSTHORN_MAX_WATCH_KEYS).`,
    );
  }
}

async function checkUid(
  ctx: TransactionContext,
  appKey: number,
  uid: string | null,
  self: number | null,
): Promise<void> {
  if (uid === null) return;
  const row = await ctx.tx.db
    .selectFrom("watch")
    .select("id")
    .where("app_id", "=", appKey)
    .where("uid", "=", uid)
    .executeTakeFirst();
  if (row !== undefined && row.id !== self) throw new PosthornError("conflict", "Another watch has this uid.");
}

/**
 * Replaces the settings of a watch. Under a new rule, keys keep their phase: a raised key stays raised until the new rule clears it. If the
 * new settings derive keys differently, raised keys are cleared, and all earlier keys are deleted.
 */
export function updateWatch(call: Call<WatchRef & { readonly change: (watch: Watch) => WatchInput }>): Promise<Watch> {
  return atomically(call, async ({ ctx, input }) => {
    const { watch, application } = await findWatch(ctx, input);
    const next = input.change(watch);
    const rule = requireRule(next.rule);
    await checkUid(ctx, application.key, next.uid, watch.key);
    const isNewRule = JSON.stringify(next.rule) !== JSON.stringify(watch.rule);
    const version = watch.version + (isNewRule ? 1 : 0);
    const { key, items } = next.rule.read ?? {};
    const isKeptKeys = key === watch.rule.read?.key && items === watch.rule.read?.items;
    const { db, signal } = ctx.tx;
    const at = ctx.services.now();
    await moveWatch(ctx.tx, watch, {});
    await db
      .updateTable("watch")
      .set({
        ...columnsOf(next),
        version,
        target_id: next.emitApp === null ? watch.targetKey : await targetOf(ctx, next, application.key),
        keyed_since: isKeptKeys ? watch.keyedSince : version,
        updated_at: at,
      })
      .where("id", "=", watch.key)
      .execute();
    // The engine carries each key over at its next timer.
    if (isNewRule) await db.updateTable("watch_key").set({ due: at }).where("watch_id", "=", watch.key).execute();
    if (isNewRule && rule.changed === null) await armNew(ctx, watch, { rule, version, at });
    signal({ kind: "condition", key: watch.key });
    return (await findWatch(ctx, { ...input, watch: watch.id })).watch;
  });
}

/** Adds keys that a new rule expects and that have no state yet. */
async function armNew(
  ctx: TransactionContext,
  watch: Watch,
  { rule, version, at }: { readonly rule: Rule; readonly version: number; readonly at: number },
): Promise<void> {
  const names = rule.read.key === null ? [""] : rule.expect;
  if (names.length === 0) return;
  const known = await ctx.tx.db
    .selectFrom("watch_key")
    .select("name")
    .where("watch_id", "=", watch.key)
    .where("name", "in", names)
    .execute();
  const has = new Set(known.map(({ name }) => name));
  const fresh = names.filter((name) => !has.has(name));
  if (fresh.length === 0) return;
  const row = await ctx.tx.db.selectFrom("watch").selectAll().where("id", "=", watch.key).executeTakeFirstOrThrow();
  await arm(ctx.tx, { ...row, version }, rule, fresh, at);
  await ctx.tx.db
    .updateTable("watch")
    .set({ key_count: row.key_count + fresh.length })
    .where("id", "=", watch.key)
    .execute();
}

/** Deletes a watch with its keys. Published events are kept. */
export function deleteWatch(call: Call<WatchRef>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { watch } = await findWatch(ctx, input);
    await removeWatches(ctx.tx, [watch.key]);
  });
}

/** Forgets a key. If it is raised, it is cleared with the reason `reset`. An expected key is watched from now on. */
export function resetKey(call: Call<WatchRef & { readonly key: string }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { watch } = await findWatch(ctx, input);
    const { db, signal } = ctx.tx;
    const of = { watch_id: watch.key, name: input.key };
    const row = await reader(ctx)
      .selectFrom("watch_key")
      .selectAll()
      .where("watch_id", "=", of.watch_id)
      .where("name", "=", of.name)
      .executeTakeFirst();
    if (row === undefined) throw notFound("key");
    const state = deserialise(row.state);
    const at = Math.max(ctx.services.now(), state.at);
    await moveWatch(ctx.tx, watch, { key_count: watch.keyCount - (state.expected ? 0 : 1) });
    const events = closed(state, at, "reset").map((transition) =>
      eventOf(watch, { name: input.key, incarnation: state.incarnation, depth: state.depth + 1, transition }, null),
    );
    await db.deleteFrom("watch_key").where("watch_id", "=", of.watch_id).where("name", "=", of.name).execute();
    if (state.expected) {
      const rule = compileRule(watch.rule);
      const fresh = newState(rule, {
        version: watch.version,
        incarnation: ctx.services.ids.next("key_").key,
        at,
        expected: true,
      });
      await db
        .insertInto("watch_key")
        .values({ ...of, phase: PHASES.indexOf("clear"), due: dueAt(rule, fresh, 0), state: serialise(fresh) })
        .execute();
    }
    await emit(ctx.services, ctx.tx, watch, events);
    signal({ kind: "condition", key: watch.key });
  });
}
