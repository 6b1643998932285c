/**
 * Records what was committed, from the database itself: triggers on the tables of deliveries, attempts, endpoints and tasks write each change
 * to a temporary table of the connection, so that no code of the product is between a change and its check. Changes that are rolled back are
 * not recorded.
 */
import type { DatabaseSync } from "node:sqlite";
import type { TaskState } from "../../src/domain/task/task.ts";
import type { DeliveryState, Trigger } from "../../src/store/schema.ts";

/** A row of a delivery. */
export interface DeliveryRow {
  readonly state: DeliveryState;
  readonly due: number | null;
  readonly attempts: number;
  readonly generation: number;
  /** See `REQUESTED_BY`. */
  readonly manual: number;
  readonly resumeDue: number | null;
  /** Order key; `null`: the delivery has no order. */
  readonly orderKey: string | null;
  /** Time from which later deliveries may overtake it; `null`: never. */
  readonly passAt: number | null;
}

/** A delivery was stored, or changed. */
export interface DeliveryChange {
  readonly kind: "delivery";
  readonly messageId: number;
  readonly endpointId: number;
  /** Its message was published with a delay. */
  readonly isDelayed: boolean;
  readonly row: DeliveryRow;
}

export type Change =
  | DeliveryChange
  /** A replay started, made a step, or was paused. */
  | { readonly kind: "replay"; readonly taskId: number; readonly state: TaskState }
  | { readonly kind: "delivery_gone"; readonly messageId: number; readonly endpointId: number }
  | {
      readonly kind: "attempt";
      readonly messageId: number;
      readonly endpointId: number;
      readonly id: number;
      readonly trigger: Trigger;
      readonly status: number;
    }
  | {
      readonly kind: "endpoint";
      readonly endpointId: number;
      /** Its application. */
      readonly tenant: number;
      readonly url: string;
      readonly disabled: boolean;
      readonly deleted: boolean;
      /** Paused by a person until then, Unix milliseconds; 0: not paused. */
      readonly pausedUntil: number;
      /** A person discarded scheduled deliveries of messages up to this key; 0: none. */
      readonly discardUpTo: number;
      readonly policyJson: string | null;
    };

const DELIVERY = "state, due, attempts, generation, manual, resume_due, order_key, pass_at";
const NEW_DELIVERY = DELIVERY.replaceAll(/(\w+)/g, "NEW.$1");

const TRIGGERS = `
CREATE TEMP TABLE change (
  seq INTEGER PRIMARY KEY, kind TEXT, message_id, endpoint_id, is_delayed, ${DELIVERY},
  id, trigger_type, status, task_state, app_id, url, disabled, deleted_at, paused_until, discard_up_to, policy_json);
${["INSERT", "UPDATE"]
  .map(
    (event) => `
CREATE TEMP TRIGGER delivery_${event} AFTER ${event} ON main.delivery BEGIN
  INSERT INTO change (kind, message_id, endpoint_id, is_delayed, ${DELIVERY})
  VALUES ('delivery', NEW.message_id, NEW.endpoint_id,
    (SELECT deliver_at IS NOT NULL FROM main.message WHERE id = NEW.message_id), ${NEW_DELIVERY});
END;
CREATE TEMP TRIGGER endpoint_${event} AFTER ${event} ON main.endpoint BEGIN
  INSERT INTO change (kind, endpoint_id, app_id, url, disabled, deleted_at, paused_until, discard_up_to, policy_json)
  VALUES ('endpoint', NEW.id, NEW.app_id, NEW.url, NEW.disabled, NEW.deleted_at, NEW.flow_json ->> '$.pausedUntil',
    NEW.flow_json ->> '$.discardUpTo', NEW.policy_json);
END;
CREATE TEMP TRIGGER task_${event} AFTER ${event} ON main.task WHEN NEW.kind LIKE 'endpoint.%' BEGIN
  INSERT INTO change (kind, id, task_state) VALUES ('replay', NEW.id, NEW.status);
END;`,
  )
  .join("")}
CREATE TEMP TRIGGER delivery_deleted AFTER DELETE ON main.delivery BEGIN
  INSERT INTO change (kind, message_id, endpoint_id) VALUES ('delivery_gone', OLD.message_id, OLD.endpoint_id);
END;
CREATE TEMP TRIGGER attempt_inserted AFTER INSERT ON main.attempt BEGIN
  INSERT INTO change (kind, message_id, endpoint_id, id, trigger_type, status)
  VALUES ('attempt', NEW.message_id, NEW.endpoint_id, NEW.id, NEW.trigger_type, NEW.status);
END;`;

interface ChangeRow {
  readonly kind: Change["kind"];
  readonly message_id: number;
  readonly endpoint_id: number;
  readonly is_delayed: number;
  readonly state: DeliveryState;
  readonly due: number | null;
  readonly attempts: number;
  readonly generation: number;
  readonly manual: number;
  readonly resume_due: number | null;
  readonly order_key: string | null;
  readonly pass_at: number | null;
  readonly id: number;
  readonly trigger_type: Trigger;
  readonly status: number;
  readonly task_state: TaskState;
  readonly app_id: number;
  readonly url: string;
  readonly disabled: number;
  readonly deleted_at: number | null;
  readonly paused_until: number | null;
  readonly discard_up_to: number | null;
  readonly policy_json: string | null;
}

/** Starts recording the changes of this connection. Returns a function that returns and clears the changes since the last call. */
export function auditOn(connection: DatabaseSync): () => readonly Change[] {
  connection.exec(TRIGGERS);
  const read = connection.prepare("SELECT * FROM temp.change ORDER BY seq");
  const clear = connection.prepare("DELETE FROM temp.change");
  return () => {
    const rows = read.all() as unknown as ChangeRow[];
    if (rows.length > 0) clear.run();
    return rows.map(toChange);
  };
}

function toChange(row: ChangeRow): Change {
  const { kind, message_id: messageId, endpoint_id: endpointId } = row;
  switch (kind) {
    case "delivery":
      return { kind, messageId, endpointId, isDelayed: row.is_delayed === 1, row: toRow(row) };
    case "replay":
      return { kind, taskId: row.id, state: row.task_state };
    case "delivery_gone":
      return { kind, messageId, endpointId };
    case "attempt":
      return { kind, messageId, endpointId, id: row.id, trigger: row.trigger_type, status: row.status };
    case "endpoint": {
      const { app_id: tenant, url, policy_json: policyJson } = row;
      const [disabled, deleted] = [row.disabled === 1, row.deleted_at !== null];
      const [pausedUntil, discardUpTo] = [row.paused_until ?? 0, row.discard_up_to ?? 0];
      return { kind, endpointId, tenant, url, disabled, deleted, pausedUntil, discardUpTo, policyJson };
    }
  }
}

function toRow(row: ChangeRow): DeliveryRow {
  const { state, due, attempts, generation, manual, resume_due: resumeDue } = row;
  return { state, due, attempts, generation, manual, resumeDue, orderKey: row.order_key, passAt: row.pass_at };
}

/** Every stored delivery, with the number of its attempts. */
export function allDeliveries(
  connection: DatabaseSync,
): readonly { messageId: number; endpointId: number; row: DeliveryRow; rows: number }[] {
  const statement = connection.prepare(`
    SELECT message_id, endpoint_id, ${DELIVERY}, (SELECT count(*) FROM attempt
      WHERE attempt.message_id = delivery.message_id AND attempt.endpoint_id = delivery.endpoint_id) AS id
    FROM delivery`);
  return (statement.all() as unknown as ChangeRow[]).map((found) => {
    const { message_id: messageId, endpoint_id: endpointId, id: rows } = found;
    return { messageId, endpointId, row: toRow(found), rows };
  });
}
