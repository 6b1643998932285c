import type pg from "pg";
import type { AcceptEntry, AcceptResult, Dues } from "../../store.ts";
import { inTransaction, type Pool, withClient } from "../connections.ts";
import {
  DELIVERY_COLUMNS,
  EXACT_COLUMNS,
  MESSAGE_COLUMNS,
  MESSAGE_COLUMNS_WITH_KEYS,
  newDeliveries,
  placed,
} from "./accept-columns.ts";
import { acceptStatement } from "./accept-statement.ts";
import { BindMessage } from "./bind-message.ts";
import { controlledDues } from "./debounce.ts";
import { type BoundStatement, runBatch } from "./run-batch.ts";

/** Accepts messages that do not share keys with each other. Rejects if one of them fails. */
export async function acceptTogether(pool: Pool, entries: readonly AcceptEntry[]): Promise<readonly AcceptResult[]> {
  const refused = await withClient(pool, (client) => run(client, entries, null));
  return entries.map(({ id }) => refused.get(id) ?? { kind: "stored" });
}

/** Accepts a message with debounce or throttle rules. */
export function acceptWithFlowControl(pool: Pool, entry: AcceptEntry): Promise<AcceptResult> {
  return inTransaction(pool, async (client) => {
    await client.query("SAVEPOINT before_flow_control");
    const dues = await controlledDues(client, entry, entry.flowControl!);
    const refusal = (await run(client, [entry], dues)).get(entry.id);
    if (refusal === undefined) return { kind: "stored", dues };
    // The message is a duplicate: undo its effects on other messages of its debounce and throttle keys.
    await client.query("ROLLBACK TO SAVEPOINT before_flow_control");
    return refusal;
  });
}

/** Returns the unique keys of a message. Messages with a common key must not be in one statement: the second must see the first's result. */
export function keysOf(entry: AcceptEntry): readonly string[] {
  const { idempotency, eventId, appId } = entry;
  return [
    ...(idempotency === null ? [] : [`key/${idempotency.hash}`]),
    ...(eventId === null ? [] : [`event/${appId}/${eventId}`]),
  ];
}

/** Stores messages. Returns the results of those that were refused, by message key. */
async function run(
  client: pg.ClientBase,
  entries: readonly AcceptEntry[],
  dues: Dues | null,
): Promise<ReadonlyMap<number, AcceptResult>> {
  const rows = await runBatch<{ id: number; replayed: number | null }>(client, boundAccept(entries, dues));
  return new Map(rows.map(({ id, replayed }) => [id, refusalOf(replayed)]));
}

/** @param dues Due times of the deliveries; `null`: those of the messages. */
export function boundAccept(entries: readonly AcceptEntry[], dues: Dues | null): BoundStatement {
  const exact = entries.filter((entry) => (entry.exact?.sealed ?? null) !== null);
  const features = {
    keys: entries.some(({ idempotency, eventId }) => idempotency !== null || eventId !== null),
    labels: entries.some(({ channelsJson, tagsJson }) => channelsJson !== null || tagsJson !== null),
    deadlines: entries.some(({ deliverUntil }) => (deliverUntil ?? null) !== null),
    exact: exact.length > 0,
  };
  const statement = acceptStatement(features);
  const message = new BindMessage(statement.name, statement.parameters)
    .concatenated(entries.map(({ payload }) => payload))
    .bigint(entries.reduce((lowest, { id }) => Math.min(lowest, id), Infinity))
    .arrays(
      entries.flatMap((entry) => newDeliveries(entry, dues)),
      DELIVERY_COLUMNS,
    )
    .arrays(
      placed(entries, ({ payload }) => payload),
      features.keys ? MESSAGE_COLUMNS_WITH_KEYS : MESSAGE_COLUMNS,
    );
  if (features.exact) addExactBodies(message, exact, dues);
  return { statement, message };
}

function addExactBodies(message: BindMessage, entries: readonly AcceptEntry[], dues: Dues | null): void {
  const sealedOf = ({ exact }: AcceptEntry): Uint8Array => exact!.sealed!;
  const rows = placed(entries, sealedOf).map((row) => ({
    ...row,
    isPending: newDeliveries(row.message, dues).some(({ due }) => due !== null),
  }));
  message.arrays(rows, EXACT_COLUMNS).concatenated(entries.map(sealedOf));
}

function refusalOf(replayed: number | null): AcceptResult {
  return replayed === null ? { kind: "duplicate_event_id" } : { kind: "replayed", messageId: replayed };
}
