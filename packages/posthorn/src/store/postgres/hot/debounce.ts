import type pg from "pg";
import { decideFlow, type FlowQuery, flowKeys } from "../../debounce.ts";
import { DELIVERY_STATE } from "../../schema.ts";
import type { AcceptEntry, Dues, EndpointFlowControl, FlowControl } from "../../store.ts";

const LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
const FIND = "SELECT message_id, since, used FROM flow_state WHERE endpoint_id = $1 AND key = $2";
const KEEP = `
  INSERT INTO flow_state (endpoint_id, key, message_id, since, used, until) VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (endpoint_id, key) DO UPDATE SET
    message_id = excluded.message_id, since = excluded.since, used = excluded.used, until = excluded.until`;
const REPLACE = `
  UPDATE delivery SET state = ${DELIVERY_STATE.canceled}, due = NULL, generation = generation + 1
  WHERE message_id = $1 AND endpoint_id = $2 AND state = ${DELIVERY_STATE.pending} AND attempts = 0 AND manual = 0 AND due > $3`;
const NOTE = `
  INSERT INTO cancellation (message_id, endpoint_id, reason, by_message_id, at) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (message_id, endpoint_id) DO UPDATE SET
    reason = excluded.reason, by_message_id = excluded.by_message_id, at = excluded.at`;

/**
 * Returns when each delivery of a message is due, in the order of its endpoints. Advisory locks serialize messages with the same key,
 * because a new key has no row to lock.
 */
export async function controlledDues(
  client: pg.ClientBase,
  entry: AcceptEntry,
  { now, endpoints }: FlowControl,
): Promise<Dues> {
  const options = new Map(endpoints.map((option) => [option.endpointId, option]));
  const keys = endpoints.flatMap((option) => flowKeys(option).map((key) => `flow/${option.endpointId}/${key}`));
  // Always in the same order, to avoid deadlocks.
  for (const key of keys.toSorted()) await client.query(LOCK, [key]);
  const dues: (number | null)[] = [];
  for (const endpointId of entry.endpointIds) {
    const option = options.get(endpointId);
    dues.push(option === undefined ? entry.due : await controlledDue(client, entry, now, option));
  }
  return dues;
}

async function controlledDue(
  client: pg.ClientBase,
  entry: AcceptEntry,
  now: number,
  option: EndpointFlowControl,
): Promise<number | null> {
  const decision = decideFlow(entry, now, option);
  let step = decision.next();
  while (step.done !== true) step = decision.next(await runQuery(client, step.value));
  return step.value;
}

async function runQuery(client: pg.ClientBase, query: FlowQuery): Promise<unknown> {
  switch (query.kind) {
    case "find":
      return (await client.query(FIND, [query.endpointId, query.key])).rows[0];
    case "keep": {
      const { message_id: messageId, since, used } = query.row;
      return client.query(KEEP, [query.endpointId, query.key, messageId, since, used, query.until]);
    }
    case "replace":
      return (await client.query(REPLACE, [query.messageId, query.endpointId, query.now])).rowCount === 1;
    case "note":
      return client.query(NOTE, [query.messageId, query.endpointId, query.reason, query.byMessageId, query.now]);
  }
}
