/**
 * Adds failed attempts to incidents, in the step of the roll-up that counts them, so deliveries cost nothing extra. A step with failures takes
 * one additional query and one transaction of a fixed number of statements, however many attempts, endpoints and incidents it has.
 */
import { type Kysely, sql } from "kysely";
import { timeOfKey } from "../../lib/id.ts";
import { ATTEMPT_STATUS, type Database } from "../../store/schema.ts";
import type { Tx } from "../../store/tx.ts";
import { causeColumn } from "../attempt/cause.ts";
import type { TransactionServices } from "../context.ts";
import { MANY_HOSTS } from "./incident.ts";
import { type FailureGroup, nameOf } from "./failure-groups.ts";
import { type Assigned, type InIncident, saveEndpoints, saveIncidents, saveSlots } from "./save.ts";

/** Maximum number of incidents of an organisation that are not resolved. Failures at further hosts are added to one incident for each cause. */
export const MAX_OPEN = 1000;

/** The attempts that a step counts. */
interface Counted {
  readonly after: number;
  readonly upTo: number;
}

/** Groups with their new events, on the assumption that their incident is the one that was open. */
export interface FoundFailures {
  readonly groups: readonly FailureGroup[];
  /** By endpoint and cause. */
  readonly events: ReadonlyMap<string, { readonly since: number; readonly events: number }>;
}

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
  // An incident that was opened since then has no earlier attempts, so few rows are read here.
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
