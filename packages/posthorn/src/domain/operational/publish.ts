/** Publishes announced operational events as messages. */
import { type Selectable, sql } from "kysely";
import { timeOfKey } from "../../lib/id.ts";
import { APPLICATION_KIND, type OperationalEventTable } from "../../store/schema.ts";
import type { Job } from "../../store/delivery.ts";
import type { Services } from "../context.ts";
import { mismatchOf } from "../message/match.ts";
import { NAMED_ONLY } from "./events.ts";
import type { DirectoryApplication } from "../directory.ts";

/** Events per step. */
const STEP = 100;

/** Publishes due events. Returns when the next is due: now if there may be more, `null` if there are none. */
export async function publishEvents(services: Services): Promise<number | null> {
  const now = services.now();
  const events = await dueEvents(services, now);
  const published = await Promise.all(events.map((event) => publishEvent(services, event)));
  services.dispatch.push(published.flat());
  await forgetEvents(services, events);
  return events.length === STEP ? now : nextDue(services);
}

function dueEvents({ store }: Services, now: number) {
  return store.db
    .selectFrom("operational_event as event")
    .leftJoin("endpoint", "endpoint.id", "event.endpoint_id")
    .leftJoin("application", "application.id", "endpoint.app_id")
    .leftJoin("message", "message.id", "event.message_id")
    .leftJoin("attempt", "attempt.id", "event.attempt_id")
    .selectAll("event")
    .select([
      "endpoint.public_id as endpoint_public_id",
      "endpoint.uid as endpoint_uid",
      "application.public_id as app_public_id",
      "application.uid as app_uid",
      "message.public_id as message_public_id",
      "message.event_id as message_event_id",
      "attempt.public_id as attempt_public_id",
      "attempt.response_code as response_code",
    ])
    .where("event.due", "<=", now)
    .orderBy("event.due")
    .orderBy("event.id")
    .limit(STEP)
    .execute();
}

type DueEvent = Awaited<ReturnType<typeof dueEvents>>[number];

async function nextDue({ store }: Services): Promise<number | null> {
  const row = await store.db
    .selectFrom("operational_event")
    .select((eb) => eb.fn.min("due").as("due"))
    .executeTakeFirst();
  return row?.due ?? null;
}

/** Stores the message of an event and returns its first deliveries. If the message already exists after a crash, returns none. */
async function publishEvent(services: Services, event: DueEvent): Promise<readonly Job[]> {
  const application = await operationalApplication(services, event.org_id);
  if (application === null) return [];
  const endpointIds = receiversOf(application, event);
  if (endpointIds.length === 0) return [];
  const { key, id } = services.ids.next("msg_");
  const due = services.now();
  const payload = Buffer.from(bodyOf(event));
  const contentType = "application/json";
  const result = await services.store.accept({
    id: key,
    publicId: id,
    appId: application.key,
    eventType: event.type,
    // Derived from the row id, which is never reused, so that retrying an event does not create a second message.
    eventId: `operational-${event.id}-${event.count}`,
    channelsJson: null,
    tagsJson: null,
    payload,
    contentType,
    expiresAt: null,
    deliverAt: null,
    orderingKey: null,
    unmatchedJson: null,
    requestJson: null,
    due,
    endpointIds,
    idempotency: null,
  });
  if (result.kind !== "stored") return [];
  const fresh = { attempts: 0, generation: 0, trigger: 0, orderingKey: null, requestJson: null } as const;
  return endpointIds.map((endpointId) => ({
    ...fresh,
    messageId: key,
    publicId: id,
    endpointId,
    due,
    contentType,
    payload,
  }));
}

function receiversOf({ endpoints }: DirectoryApplication, { type, targets_json }: DueEvent): readonly number[] {
  if (targets_json !== null) return (JSON.parse(targets_json) as number[]).filter((key) => endpoints.has(key));
  return [...endpoints.values()]
    .filter((endpoint) => mismatchOf(endpoint, { eventType: type, channels: null }, null) === null)
    .filter((endpoint) => endpoint.eventTypes !== null || !NAMED_ONLY.has(type))
    .map((endpoint) => endpoint.key);
}

async function operationalApplication(services: Services, orgId: number): Promise<DirectoryApplication | null> {
  const row = await services.store.db
    .selectFrom("application")
    .select("id")
    .where("org_id", "=", orgId)
    .where("kind", "=", sql.lit(APPLICATION_KIND.operational))
    .where("deleted_at", "is", null)
    .executeTakeFirst();
  return row === undefined ? null : services.directory.application(row.id);
}

function bodyOf(event: DueEvent): string {
  const { type, at } = event;
  return JSON.stringify({ type, timestamp: new Date(at).toISOString(), data: dataOf(event) });
}

function dataOf(event: DueEvent): unknown {
  if (event.data_json !== null) return JSON.parse(event.data_json);
  return {
    appId: event.app_public_id,
    appUid: event.app_uid,
    endpointId: event.endpoint_public_id,
    endpointUid: event.endpoint_uid,
    msgId: event.message_public_id,
    msgEventId: event.message_event_id,
    lastAttempt: {
      id: event.attempt_public_id,
      responseStatusCode: event.response_code,
      timestamp: new Date(event.attempt_id === null ? event.at : timeOfKey(event.attempt_id)).toISOString(),
    },
    count: event.count,
  };
}

/** Deletes published events. A row whose count has changed in the meantime remains and is published again. */
async function forgetEvents(
  { store }: Services,
  events: readonly Pick<Selectable<OperationalEventTable>, "id" | "count">[],
): Promise<void> {
  if (events.length === 0) return;
  await store.transaction(async ({ db }) => {
    const pairs = events.map(({ id, count }) => sql`(${id}, ${count})`);
    await db
      .deleteFrom("operational_event")
      .where(({ refTuple }) => sql<boolean>`${refTuple("id", "count")} IN (VALUES ${sql.join(pairs)})`)
      .execute();
  }, "operational.publish");
}
