/**
 * Adds failed attempts to incidents, in the step of the roll-up that counts them: deliveries cost nothing more. A step with failures takes
 * one additional query and one transaction of a fixed number of statements, however many attempts, endpoints and incidents it has.
 */
import { type Kysely, sql } from "kysely";
import { timeOfKey } from "../../lib/id.ts";
import { APPLICATION_KIND, ATTEMPT_STATUS, type Database } from "../../store/schema.ts";
import type { Tx } from "../../store/tx.ts";
import { causeColumn, causeOf } from "../attempt/cause.ts";
import type { TransactionServices } from "../context.ts";
import { hostOf } from "../endpoint/host.ts";
import { MANY_HOSTS, SLOT_MS } from "./incident.ts";

/** Most incidents of an organisation that are not resolved. Failures at further hosts are added to one incident for each cause. */
export const MAX_OPEN = 1000;

/** Failed attempts at one endpoint with one cause. */
export interface FailureGroup {
  readonly orgId: number;
  readonly appId: number;
  readonly endpointId: number;
  readonly host: string;
  readonly cause: string;
  readonly attempts: number;
  readonly firstAttempt: number;
  readonly lastAttempt: number;
  readonly firstMessage: number;
  /** Attempts by slot. */
  readonly slots: ReadonlyMap<number, number>;
}

interface EndedAttempt {
  readonly id: number;
  readonly messageId: number;
  readonly endpointId: number;
  readonly status: number;
  readonly errorCode: string | null;
  readonly responseCode: number;
}

/** Groups the failed attempts. Attempts at operational webhooks and at the URL of a replay belong to no incident. */
export async function findFailures(
  db: Kysely<Database>,
  attempts: readonly EndedAttempt[],
): Promise<readonly FailureGroup[]> {
  const failed = attempts.filter(({ status }) => status === ATTEMPT_STATUS.fail);
  if (failed.length === 0) return [];
  const rows = await db
    .selectFrom("endpoint as e")
    .innerJoin("application as a", "a.id", "e.app_id")
    .select(["e.id", "e.url", "e.app_id", "a.org_id"])
    .where("e.id", "in", [...new Set(failed.map(({ endpointId }) => endpointId))])
    .where("e.deleted_at", "is", null)
    .where("e.replay_task_id", "is", null)
    .where("a.deleted_at", "is", null)
    .where("a.kind", "<>", APPLICATION_KIND.operational)
    .execute();
  const endpoints = new Map(rows.map((row) => [row.id, { ...row, host: hostOf(row.url) }]));
  const groups = new Map<string, FailureGroup>();
  for (const attempt of failed) {
    const endpoint = endpoints.get(attempt.endpointId);
    if (endpoint === undefined) continue;
    const cause = causeOf(attempt.errorCode, attempt.responseCode);
    const key = nameOf({ endpointId: attempt.endpointId, cause });
    groups.set(key, withAttempt(groups.get(key) ?? emptyGroup(endpoint, cause), attempt));
  }
  return [...groups.values()];
}

interface FailedEndpoint {
  readonly id: number;
  readonly app_id: number;
  readonly org_id: number;
  readonly host: string;
}

function emptyGroup({ id, app_id, org_id, host }: FailedEndpoint, cause: string): FailureGroup {
  return {
    orgId: org_id,
    appId: app_id,
    endpointId: id,
    host,
    cause,
    attempts: 0,
    firstAttempt: Number.POSITIVE_INFINITY,
    lastAttempt: 0,
    firstMessage: Number.POSITIVE_INFINITY,
    slots: new Map(),
  };
}

function withAttempt(group: FailureGroup, { id, messageId }: EndedAttempt): FailureGroup {
  const slot = slotOf(id);
  return {
    ...group,
    attempts: group.attempts + 1,
    firstAttempt: Math.min(group.firstAttempt, id),
    lastAttempt: Math.max(group.lastAttempt, id),
    firstMessage: Math.min(group.firstMessage, messageId),
    slots: new Map(group.slots).set(slot, (group.slots.get(slot) ?? 0) + 1),
  };
}

function slotOf(attempt: number): number {
  return Math.floor(timeOfKey(attempt) / SLOT_MS);
}

/** The attempts that a step counts. */
interface Counted {
  readonly after: number;
  readonly upTo: number;
}

/** Failures at an endpoint that belong to one incident. */
interface InIncident extends Pick<FailureGroup, "endpointId" | "cause"> {
  /** First attempt of the incident. */
  readonly since: number;
}

/** A group with its incident. */
interface Assigned extends FailureGroup, InIncident {
  readonly incident: number;
}

/** Groups with their new events, as they are if their incident is the one that was open. */
export interface FoundFailures {
  readonly groups: readonly FailureGroup[];
  /** By endpoint and cause. */
  readonly events: ReadonlyMap<string, { readonly since: number; readonly events: number }>;
}

const nameOf = ({ endpointId, cause }: Pick<FailureGroup, "endpointId" | "cause">): string => `${endpointId} ${cause}`;

/**
 * Counts the new events of groups whose incident is open. Runs before the transaction: a message can have thousands of endpoints, and this
 * reads the earlier attempts of all of them.
 */
export async function withEvents(
  db: Kysely<Database>,
  groups: readonly FailureGroup[],
  counted: Counted,
): Promise<FoundFailures> {
  const open = groups.length === 0 ? [] : await openIncidents(db, groups);
  const known = new Map(open.map((row) => [keyOf(row.org_id, row.host, row.cause), row.first_attempt]));
  const expected = groups.flatMap((group): readonly InIncident[] => {
    const since =
      known.get(keyOf(group.orgId, group.host, group.cause)) ?? known.get(keyOf(group.orgId, MANY_HOSTS, group.cause));
    return since === undefined ? [] : [{ endpointId: group.endpointId, cause: group.cause, since }];
  });
  const events = await newEvents(db, expected, counted);
  return {
    groups,
    events: new Map(expected.map((one) => [nameOf(one), { since: one.since, events: events.get(nameOf(one)) ?? 0 }])),
  };
}

/** Adds the groups to incidents that are not resolved, and opens the missing ones. Must run in the transaction that counts the attempts. */
export async function recordFailures(
  services: Pick<TransactionServices, "ids">,
  { db }: Tx,
  { groups, events: found }: FoundFailures,
  counted: Counted,
): Promise<void> {
  const assigned = await assign(services, db, groups);
  // An incident that was opened since has no earlier attempts, so that few rows are read here.
  const others = assigned.filter((group) => found.get(nameOf(group))?.since !== group.since);
  const events = await newEvents(db, others, counted);
  const counts = new Map<string, number>([...found].map(([name, one]) => [name, one.events]));
  for (const group of others) counts.set(nameOf(group), events.get(nameOf(group)) ?? 0);
  const eventsOf = (group: FailureGroup): number => counts.get(nameOf(group))!;
  await saveEndpoints(db, assigned, eventsOf);
  await saveIncidents(db, assigned, eventsOf);
  await saveSlots(db, assigned);
}

const keyOf = (orgId: number, host: string, cause: string): string => `${orgId} ${host} ${cause}`;

/** Incidents of these organisations that are not resolved. */
function openIncidents(db: Kysely<Database>, groups: readonly FailureGroup[]) {
  return db
    .selectFrom("incident")
    .select(["id", "org_id", "host", "cause", "first_attempt"])
    .where("org_id", "in", [...new Set(groups.map(({ orgId }) => orgId))])
    .where("resolved_at", "is", null)
    .execute();
}

async function assign(
  services: Pick<TransactionServices, "ids">,
  db: Kysely<Database>,
  groups: readonly FailureGroup[],
): Promise<readonly Assigned[]> {
  const orgs = [...new Set(groups.map(({ orgId }) => orgId))];
  const open = await openIncidents(db, groups);
  const known = new Map(open.map((row) => [keyOf(row.org_id, row.host, row.cause), row]));
  const counts = new Map(orgs.map((org) => [org, open.filter(({ org_id }) => org_id === org).length]));
  const opened = new Map<string, NewRow>();
  const keys = groups.map((group) => {
    const { orgId, host, cause } = group;
    const own = keyOf(orgId, host, cause);
    const isNew = !known.has(own) && !opened.has(own);
    const place = isNew && counts.get(orgId)! >= MAX_OPEN ? MANY_HOSTS : host;
    const key = keyOf(orgId, place, cause);
    if (known.has(key)) return key;
    const row = opened.get(key);
    if (row === undefined) counts.set(orgId, counts.get(orgId)! + 1);
    opened.set(key, withEarliest(row ?? newRow(services, group, place), group));
    return key;
  });
  if (opened.size > 0) {
    await db
      .insertInto("incident")
      .values([...opened.values()])
      .execute();
  }
  return groups.map((group, index) => {
    const row = known.get(keys[index]!) ?? opened.get(keys[index]!)!;
    return { ...group, incident: row.id, since: row.first_attempt };
  });
}

type NewRow = ReturnType<typeof newRow>;

function newRow({ ids }: Pick<TransactionServices, "ids">, group: FailureGroup, host: string) {
  const { key, id } = ids.next("inc_");
  return {
    id: key,
    public_id: id,
    org_id: group.orgId,
    host,
    cause: group.cause,
    state: "open",
    muted_until: null,
    first_at: timeOfKey(group.firstAttempt),
    last_at: timeOfKey(group.lastAttempt),
    first_attempt: group.firstAttempt,
    last_attempt: group.lastAttempt,
    first_message: group.firstMessage,
    attempts: 0,
    events: 0,
    endpoints: 0,
    applications: 0,
    changed_by: null,
    changed_at: null,
    resolved_at: null,
  };
}

function withEarliest(row: NewRow, { firstAttempt }: FailureGroup): NewRow {
  const first = Math.min(row.first_attempt, firstAttempt);
  return { ...row, first_attempt: first, first_at: timeOfKey(first) };
}

/** Deliveries whose first failed attempt in the incident is among those that are counted, by endpoint and cause. */
async function newEvents(
  db: Kysely<Database>,
  groups: readonly InIncident[],
  { after, upTo }: Counted,
): Promise<ReadonlyMap<string, number>> {
  if (groups.length === 0) return new Map();
  const wanted = groups.map(
    ({ endpointId, cause, since }) => sql`(${sql.lit(endpointId)}, ${cause}, ${sql.lit(since)})`,
  );
  const { rows } = await sql<{ endpoint_id: number; cause: string; events: number }>`
    WITH wanted (endpoint_id, cause, since) AS (VALUES ${sql.join(wanted)})
    SELECT a.endpoint_id, wanted.cause, count(DISTINCT a.message_id) AS events
    FROM attempt AS a JOIN wanted ON wanted.endpoint_id = a.endpoint_id AND wanted.cause = ${causeColumn("a")}
    WHERE a.id > ${after} AND a.id <= ${upTo} AND a.status = ${ATTEMPT_STATUS.fail} AND NOT EXISTS (
      SELECT 1 FROM attempt AS b
      WHERE b.message_id = a.message_id AND b.endpoint_id = a.endpoint_id AND b.id >= wanted.since AND b.id <= ${after}
        AND b.status = ${ATTEMPT_STATUS.fail} AND ${causeColumn("b")} = wanted.cause)
    GROUP BY a.endpoint_id, wanted.cause`.execute(db);
  return new Map(rows.map(({ endpoint_id, cause, events }) => [`${endpoint_id} ${cause}`, events]));
}

type EventsOf = (group: FailureGroup) => number;

async function saveEndpoints(db: Kysely<Database>, assigned: readonly Assigned[], eventsOf: EventsOf): Promise<void> {
  const rows = assigned.map((group) => ({
    incident_id: group.incident,
    endpoint_id: group.endpointId,
    app_id: group.appId,
    attempts: group.attempts,
    events: eventsOf(group),
    first_at: timeOfKey(group.firstAttempt),
    last_at: timeOfKey(group.lastAttempt),
  }));
  await db
    .insertInto("incident_endpoint")
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(["incident_id", "endpoint_id"]).doUpdateSet((eb) => ({
        attempts: eb("incident_endpoint.attempts", "+", eb.ref("excluded.attempts")),
        events: eb("incident_endpoint.events", "+", eb.ref("excluded.events")),
        last_at: eb.ref("excluded.last_at"),
      })),
    )
    .execute();
}

async function saveIncidents(db: Kysely<Database>, assigned: readonly Assigned[], eventsOf: EventsOf): Promise<void> {
  const sums = new Map<number, { attempts: number; events: number; last: number; first: number }>();
  for (const group of assigned) {
    const sum = sums.get(group.incident) ?? { attempts: 0, events: 0, last: 0, first: Number.POSITIVE_INFINITY };
    sums.set(group.incident, {
      attempts: sum.attempts + group.attempts,
      events: sum.events + eventsOf(group),
      last: Math.max(sum.last, group.lastAttempt),
      first: Math.min(sum.first, group.firstMessage),
    });
  }
  const rows = [...sums].map(
    ([id, { attempts, events, last, first }]) =>
      sql`(${sql.join([id, attempts, events, last, timeOfKey(last), first].map((value) => sql.lit(value)))})`,
  );
  await sql`
    WITH added (id, attempts, events, last_attempt, last_at, first_message) AS (VALUES ${sql.join(rows)})
    UPDATE incident SET
      attempts = incident.attempts + added.attempts,
      events = incident.events + added.events,
      last_attempt = added.last_attempt,
      last_at = added.last_at,
      first_message = CASE WHEN added.first_message < incident.first_message THEN added.first_message
                           ELSE incident.first_message END,
      endpoints = (SELECT count(*) FROM incident_endpoint AS e WHERE e.incident_id = incident.id),
      applications = (SELECT count(DISTINCT e.app_id) FROM incident_endpoint AS e WHERE e.incident_id = incident.id)
    FROM added WHERE incident.id = added.id`.execute(db);
}

async function saveSlots(db: Kysely<Database>, assigned: readonly Assigned[]): Promise<void> {
  const counts = new Map<string, { incident_id: number; slot: number; attempts: number }>();
  for (const { incident, slots } of assigned) {
    for (const [slot, attempts] of slots) {
      const key = `${incident} ${slot}`;
      const known = counts.get(key)?.attempts ?? 0;
      counts.set(key, { incident_id: incident, slot, attempts: known + attempts });
    }
  }
  await db
    .insertInto("incident_slot")
    .values([...counts.values()])
    .onConflict((conflict) =>
      conflict.columns(["incident_id", "slot"]).doUpdateSet((eb) => ({
        attempts: eb("incident_slot.attempts", "+", eb.ref("excluded.attempts")),
      })),
    )
    .execute();
}
