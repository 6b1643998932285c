/** Keys of a watch, and why each is raised or clear. */
import { explain, type Explanation } from "../../conditions/explain.ts";
import { deserialise, type KeyState } from "../../conditions/state.ts";
import type { Phase } from "../../conditions/types.ts";
import { recalled } from "../../conditions/values.ts";
import { notFound } from "../../lib/errors.ts";
import { messageIds } from "./message-ids.ts";
import { type Call, type Context, reader } from "../context.ts";
import { findWatch, type WatchRef } from "./find.ts";
import { EVENT_KINDS, PHASES, RuleCache, type Watch, type WatchEventKind } from "./watch.ts";

const rules = new RuleCache();

export interface WatchKey {
  readonly name: string;
  readonly phase: Phase;
  readonly value: unknown;
  readonly since: number | null;
  readonly raisedAt: number | null;
  readonly seenAt: number | null;
  readonly transitions: number;
  readonly unreadable: number;
  readonly expected: boolean;
  /** When a timer fires next; `null`: none is set. */
  readonly due: number | null;
  /** ID of the message with the last sample; `null`: none yet, or it was deleted. */
  readonly messageId: string | null;
}

export interface ListKeys extends WatchRef {
  readonly phase: Phase | null;
  readonly limit: number;
  readonly after: string | null;
}

/** By name. */
export async function listKeys({
  ctx,
  input,
}: Call<ListKeys>): Promise<{ readonly rows: readonly WatchKey[]; readonly done: boolean }> {
  const { watch } = await findWatch(ctx, input);
  const { phase, after, limit } = input;
  const rows = await reader(ctx)
    .selectFrom("watch_key")
    .selectAll()
    .where("watch_id", "=", watch.key)
    .$if(phase !== null, (query) => query.where("phase", "=", PHASES.indexOf(phase!)))
    .$if(after !== null, (query) => query.where("name", ">", after!))
    .orderBy("name")
    .limit(limit + 1)
    .execute();
  const shown = rows.slice(0, limit).map((row) => ({ row, state: deserialise(row.state) }));
  const ids = await messageIds(
    ctx,
    shown.map(({ state }) => state.message),
  );
  return { rows: shown.map(({ row, state }) => toKey(row, state, ids)), done: rows.length <= limit };
}

export interface ExplainedKey extends WatchKey {
  readonly explanation: Explanation;
}

export async function getKey({ ctx, input }: Call<WatchRef & { readonly key: string }>): Promise<ExplainedKey> {
  const { watch } = await findWatch(ctx, input);
  const row = await reader(ctx)
    .selectFrom("watch_key")
    .selectAll()
    .where("watch_id", "=", watch.key)
    .where("name", "=", input.key)
    .executeTakeFirst();
  if (row === undefined) throw notFound("key");
  const state = deserialise(row.state);
  const uptime = await reader(ctx).selectFrom("ingest_uptime").select("up_since").executeTakeFirst();
  const moment = { now: Math.max(ctx.services.now(), state.at), upSince: uptime?.up_since ?? 0 };
  const ids = await messageIds(ctx, [state.message]);
  return { ...toKey(row, state, ids), explanation: explain(rules.of(watch), watch.rule, state, moment) };
}

function toKey(
  { name, phase, due }: { readonly name: string; readonly phase: number; readonly due: number | null },
  state: KeyState,
  ids: ReadonlyMap<number, string>,
): WatchKey {
  return {
    name,
    phase: PHASES[phase]!,
    value: recalled(state.last) ?? null,
    since: state.since,
    raisedAt: state.raisedAt,
    seenAt: state.seenAt,
    transitions: state.number,
    unreadable: state.unreadable,
    expected: state.expected,
    due,
    messageId: state.message === null ? null : (ids.get(state.message) ?? null),
  };
}

export interface WatchTransition {
  readonly messageKey: number;
  readonly messageId: string | null;
  readonly key: string;
  readonly kind: WatchEventKind;
  readonly number: number;
  readonly version: number;
  readonly at: number;
}

export interface ListTransitions extends WatchRef {
  readonly limit: number;
  /** Key of the last message of the page before; `null`: the first page. */
  readonly before: number | null;
  readonly key: string | null;
}

/** Newest first, as long as their messages are stored. */
export async function listTransitions({
  ctx,
  input,
}: Call<ListTransitions>): Promise<{ readonly rows: readonly WatchTransition[]; readonly done: boolean }> {
  const { watch } = await findWatch(ctx, input);
  const rows = await transitionRows(ctx, watch, input);
  const shown = rows.slice(0, input.limit);
  const ids = await messageIds(
    ctx,
    shown.map(({ message_id }) => message_id),
  );
  return {
    rows: shown.map((row) => ({
      messageKey: row.message_id,
      messageId: ids.get(row.message_id) ?? null,
      key: row.name,
      kind: EVENT_KINDS[row.kind]!,
      number: row.number,
      version: row.version,
      at: row.at,
    })),
    done: rows.length <= input.limit,
  };
}

function transitionRows(ctx: Context, watch: Watch, { before, key, limit }: ListTransitions) {
  return reader(ctx)
    .selectFrom("watch_event")
    .selectAll()
    .where("watch_id", "=", watch.key)
    .$if(before !== null, (query) => query.where("message_id", "<", before!))
    .$if(key !== null, (query) => query.where("name", "=", key!))
    .orderBy("message_id", "desc")
    .limit(limit + 1)
    .execute();
}
