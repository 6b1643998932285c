import { timeOfKey } from "../lib/id.ts";
import { sourceIdOf } from "../domain/source/source.ts";
import { APPLICATION_KIND } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import type { Describe } from "./events.ts";

/** Describes rows with two queries, on the connection for lists, so that watchers do not delay deliveries. */
export function describeFrom(store: Pick<Store, "db">): Describe {
  return async (messageKeys, endpointKeys) => {
    const [messages, endpoints] = await Promise.all([
      store.db
        .selectFrom("message")
        .innerJoin("application", "application.id", "message.app_id")
        .select(["message.id", "message.public_id", "event_type", "app_id", "application.public_id as app_public_id"])
        .select(["application.uid as app_uid", "application.name as app_name", "application.kind", "org_id"])
        .where("message.id", "in", messageKeys)
        .execute(),
      endpointKeys.length === 0
        ? []
        : store.db
            .selectFrom("endpoint")
            .select(["id", "public_id", "url"])
            .where("id", "in", endpointKeys)
            // The feed does not show endpoints that exist only as the target of a replay.
            .where("replay_task_id", "is", null)
            .execute(),
    ]);
    return {
      endpoints: new Map(endpoints.map((row) => [row.id, { id: row.public_id, url: row.url }])),
      messages: new Map(
        messages.map((row) => [
          row.id,
          {
            id: row.public_id,
            eventType: row.event_type,
            appKey: row.app_id,
            appId: row.kind === APPLICATION_KIND.source ? sourceIdOf(row.app_public_id) : row.app_public_id,
            appUid: row.app_uid,
            appName: row.app_name,
            orgId: row.org_id,
            timestamp: timeOfKey(row.id),
          },
        ]),
      ),
    };
  };
}
