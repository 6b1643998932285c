import type pg from "pg";
import { Announcements, type DeliveryBefore, isRare } from "../../announcing.ts";
import { APPLICATION_KIND } from "../../schema.ts";
import type { Outcome } from "../../delivery.ts";
import { inTransaction, type Pool, withClient } from "../connections.ts";
import { type Recorded, recordTogether } from "./record.ts";

const LISTENER = `
  SELECT FROM application o JOIN endpoint l ON l.app_id = o.id AND l.deleted_at IS NULL
  WHERE o.kind = ${APPLICATION_KIND.operational} AND o.deleted_at IS NULL LIMIT 1`;

const BEFORE = `
  SELECT d.message_id AS "messageId", d.endpoint_id AS "endpointId", d.state, d.attempts, d.generation, d.resume_due AS "resumeDue"
  FROM unnest($1::bigint[], $2::bigint[]) AS i (message_id, endpoint_id)
  JOIN delivery d ON d.message_id = i.message_id AND d.endpoint_id = i.endpoint_id
  FOR UPDATE OF d`;

const ANNOUNCE = `
  INSERT INTO operational_event AS known (org_id, type, at, due, merge_key, count, endpoint_id, message_id, attempt_id)
  SELECT a.org_id, $1::text, $2::bigint, $3::bigint, $4::text, 1, e.id, $6::bigint, $7::bigint
  FROM endpoint e JOIN application a ON a.id = e.app_id
  WHERE e.id = $5::bigint AND e.replay_task_id IS NULL AND a.kind = ${APPLICATION_KIND.customer} AND EXISTS (
    SELECT FROM application o JOIN endpoint l ON l.app_id = o.id AND l.deleted_at IS NULL
    WHERE o.org_id = a.org_id AND o.kind = ${APPLICATION_KIND.operational} AND o.deleted_at IS NULL
      AND (l.event_types_json IS NULL OR strpos(l.event_types_json, '"' || $1::text || '"') > 0))
  ON CONFLICT (merge_key) WHERE merge_key IS NOT NULL DO UPDATE SET
    count = known.count + 1, at = excluded.at, message_id = excluded.message_id, attempt_id = excluded.attempt_id`;

export interface BatchRecorded {
  /** Result of each outcome. */
  readonly results: readonly Recorded[];
  readonly announced: boolean;
}

/**
 * Records outcomes and writes their events for operational webhooks in the same transaction. Ordinary outcomes cost nothing extra: only a
 * batch with a rare one checks for subscribers.
 */
export class AnnouncingRecord {
  readonly #announcements = new Announcements();

  /** Records outcomes, each of another delivery. @param isRepeated See {@link recordTogether}. */
  async record(pool: Pool, entries: readonly Outcome[], isRepeated = false): Promise<BatchRecorded> {
    const rare = entries.filter((entry) => isRare(entry));
    if (rare.length === 0) {
      const results = await withClient(pool, (client) => recordTogether(client, entries, isRepeated));
      return { results, announced: false };
    }
    return inTransaction(pool, async (client) => {
      const listening = (await client.query(LISTENER)).rowCount === 1;
      const before = listening ? await statesBefore(client, rare) : new Map<string, DeliveryBefore>();
      const results = await recordTogether(client, entries, isRepeated);
      let announced = false;
      for (const entry of rare) {
        if (results[entries.indexOf(entry)] === "lost") continue;
        const state = before.get(nameOf(entry));
        if (state !== undefined && (await this.#announce(client, entry, state))) announced = true;
      }
      return { results, announced };
    });
  }

  async #announce(client: pg.ClientBase, entry: Outcome, before: DeliveryBefore): Promise<boolean> {
    const announcement = this.#announcements.of(entry, before);
    if (announcement === null) return false;
    const { type, at, due, mergeKey, endpointId, messageId, attemptId } = announcement;
    const { rowCount } = await client.query(ANNOUNCE, [type, at, due, mergeKey, endpointId, messageId, attemptId]);
    return rowCount === 1;
  }
}

async function statesBefore(
  client: pg.ClientBase,
  entries: readonly Outcome[],
): Promise<ReadonlyMap<string, DeliveryBefore>> {
  const { rows } = await client.query<DeliveryBefore & { messageId: number; endpointId: number }>(BEFORE, [
    entries.map((entry) => entry.messageId),
    entries.map((entry) => entry.endpointId),
  ]);
  return new Map(rows.map((row) => [nameOf(row), row]));
}

/** Returns a unique name for a delivery. */
export function nameOf({ messageId, endpointId }: { readonly messageId: number; readonly endpointId: number }): string {
  return `${messageId}/${endpointId}`;
}
