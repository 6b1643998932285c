import { decideFlow, type FlowQuery, type DueMessage } from "../../debounce.ts";
import { DELIVERY_STATE } from "../../schema.ts";
import type { FlowControl } from "../../store.ts";
import type { Statements } from "../journal/statements.ts";

/** Debounces and throttles the delivery of a message to one endpoint. Returns when it is due, or `null` when it is canceled. */
export function prepareFlowControl(
  db: Statements,
): (message: DueMessage, endpointId: number, flowControl: FlowControl) => number | null {
  const runQuery = prepareQueries(db);
  return (message, endpointId, { now, endpoints }) => {
    const option = endpoints.find((candidate) => candidate.endpointId === endpointId);
    if (option === undefined) return message.due;
    const decision = decideFlow(message, now, option);
    let step = decision.next();
    while (step.done !== true) step = decision.next(runQuery(step.value));
    return step.value;
  };
}

function prepareQueries(db: Statements): (query: FlowQuery) => unknown {
  const find = db.prepare("SELECT message_id, since, used FROM flow_state WHERE endpoint_id = ? AND key = ?");
  const keep = db.prepare(`
    INSERT INTO flow_state (endpoint_id, key, message_id, since, used, until) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET message_id = excluded.message_id, since = excluded.since, used = excluded.used, until = excluded.until`);
  const replace = db.prepare(`
    UPDATE delivery SET state = ${DELIVERY_STATE.canceled}, due = NULL, generation = generation + 1
    WHERE message_id = ? AND endpoint_id = ? AND state = ${DELIVERY_STATE.pending} AND attempts = 0 AND manual = 0 AND due > ?`);
  const note = db.prepare(`
    INSERT INTO cancellation (message_id, endpoint_id, reason, by_message_id, at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET reason = excluded.reason, by_message_id = excluded.by_message_id, at = excluded.at`);
  return (query) => {
    switch (query.kind) {
      case "find":
        return find.get(query.endpointId, query.key);
      case "keep":
        return keep.run(
          query.endpointId,
          query.key,
          query.row.message_id,
          query.row.since,
          query.row.used,
          query.until,
        );
      case "replace":
        return replace.run(query.messageId, query.endpointId, query.now).changes > 0;
      case "note":
        return note.run(query.messageId, query.endpointId, query.reason, query.byMessageId, query.now);
    }
  };
}
