/** Lists incidents, and shows one with its customers, samples and chart. */
import { notFound } from "../../lib/errors.ts";
import { keyAtTime, timeOfKey } from "../../lib/id.ts";
import { containsText } from "../../store/portable-sql.ts";
import { APPLICATION_KIND, ATTEMPT_STATUS } from "../../store/schema.ts";
import { requireWholeOrganisation } from "../access.ts";
import { causeColumn } from "../attempt/cause.ts";
import { type Call, type Context, type OutsideCall, reader } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { sourceIdOf } from "../source/source.ts";
import { type Incident, type IncidentState, SLOT_MS, toIncident } from "./incident.ts";

export interface ListIncidents extends PageRequest {
  readonly states: readonly IncidentState[] | null;
  /** `null`: muted and others. */
  readonly muted: boolean | null;
  /** A part of the cause or the host, in any case; `null`: any. */
  readonly search: string | null;
  /** By time of creation. */
  readonly order: "ascending" | "descending";
}

/** Lists incidents. Counts the failures so far. */
export async function listIncidents({ ctx, input }: OutsideCall<ListIncidents>): Promise<Page<Incident>> {
  requireWholeOrganisation(ctx.actor);
  await ctx.services.statistics.refresh();
  const now = ctx.services.now();
  const order = input.order === "ascending" ? "asc" : "desc";
  const page = await readPage(input, { order, keyOf: idIterator("inc_") }, (slice) => {
    let query = reader(ctx)
      .selectFrom("incident")
      .selectAll()
      .where("org_id", "=", ctx.actor.orgId)
      .orderBy("id", slice.order)
      .limit(slice.limit);
    if (input.states !== null) query = query.where("state", "in", input.states);
    if (input.muted === true) query = query.where("muted_until", ">", now);
    if (input.muted === false)
      query = query.where((eb) => eb.or([eb("muted_until", "is", null), eb("muted_until", "<=", now)]));
    if (input.search !== null) query = query.where(containsText(["cause", "host"], input.search));
    if (slice.from !== null) query = query.where("id", comparison(slice.order), slice.from);
    return query.execute();
  });
  return { ...page, rows: page.rows.map(toIncident) };
}

export interface IncidentRef {
  readonly incident: string;
}

export async function getIncident({ ctx, input }: Call<IncidentRef>): Promise<Incident> {
  requireWholeOrganisation(ctx.actor);
  const key = idIterator("inc_")(input.incident);
  const row =
    key === null
      ? undefined
      : await reader(ctx)
          .selectFrom("incident")
          .selectAll()
          .where("id", "=", key)
          .where("public_id", "=", input.incident)
          .where("org_id", "=", ctx.actor.orgId)
          .executeTakeFirst();
  if (row === undefined) throw notFound("incident");
  ctx.audit?.found(input.incident, row.public_id, `${row.cause} at ${row.host}`);
  return toIncident(row);
}

/** An endpoint that an incident affects. Times are Unix milliseconds. */
export interface AffectedEndpoint {
  readonly appId: string;
  readonly appName: string;
  readonly endpointId: string;
  readonly url: string;
  readonly disabled: boolean;
  readonly attempts: number;
  readonly events: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

export interface SampleAttempt {
  readonly attemptId: string;
  readonly messageId: string;
  readonly appId: string;
  readonly endpointId: string;
  readonly url: string;
  readonly at: number;
}

export interface IncidentNote {
  readonly id: string;
  readonly author: string;
  readonly text: string;
  readonly at: number;
}

export interface IncidentDetail {
  readonly incident: Incident;
  /** Those with the most events first. */
  readonly affected: readonly AffectedEndpoint[];
  readonly samples: readonly SampleAttempt[];
  /** Failed attempts by time, without the slots that have none. */
  readonly chart: readonly { readonly at: number; readonly attempts: number }[];
  readonly notes: readonly IncidentNote[];
}

const MAX_AFFECTED = 250;
const MAX_SAMPLES = 5;
/** Endpoints that are searched for samples. */
const SAMPLED_ENDPOINTS = 5;
const MAX_SLOTS = 2016;
const MAX_NOTES = 100;

export async function incidentDetail({ ctx, input }: OutsideCall<IncidentRef>): Promise<IncidentDetail> {
  await ctx.services.statistics.refresh();
  const incident = await getIncident({ ctx, input });
  return {
    incident,
    affected: await affectedBy(ctx, incident.key),
    samples: await samplesOf(ctx, incident),
    chart: await chartOf(ctx, incident.key),
    notes: await notesOf(ctx, incident.key),
  };
}

async function affectedBy(ctx: Context, incident: number): Promise<readonly AffectedEndpoint[]> {
  const rows = await reader(ctx)
    .selectFrom("incident_endpoint as i")
    .innerJoin("endpoint as e", "e.id", "i.endpoint_id")
    .innerJoin("application as a", "a.id", "i.app_id")
    .select(["i.attempts", "i.events", "i.first_at", "i.last_at", "e.public_id as endpointId", "e.url", "e.disabled"])
    .select(["a.public_id as appId", "a.name as appName", "a.kind"])
    .where("i.incident_id", "=", incident)
    .where("e.deleted_at", "is", null)
    .where("a.deleted_at", "is", null)
    .orderBy("i.events", "desc")
    .orderBy("i.endpoint_id")
    .limit(MAX_AFFECTED)
    .execute();
  return rows.map(({ appId, appName, endpointId, url, attempts, events, ...row }) => ({
    appId: row.kind === APPLICATION_KIND.source ? sourceIdOf(appId) : appId,
    appName,
    endpointId,
    url,
    attempts,
    events,
    disabled: row.disabled === 1,
    firstAt: row.first_at,
    lastAt: row.last_at,
  }));
}

/** The newest failed attempts, of the endpoints that failed last. */
async function samplesOf(ctx: Context, incident: Incident): Promise<readonly SampleAttempt[]> {
  const endpoints = await reader(ctx)
    .selectFrom("incident_endpoint")
    .select(["endpoint_id", "last_at"])
    .where("incident_id", "=", incident.key)
    .orderBy("last_at", "desc")
    .limit(SAMPLED_ENDPOINTS)
    .execute();
  const found: SampleAttempt[] = [];
  for (const { endpoint_id, last_at } of endpoints) {
    const row = await reader(ctx)
      .selectFrom("attempt as t")
      .innerJoin("message as m", "m.id", "t.message_id")
      .innerJoin("endpoint as e", "e.id", "t.endpoint_id")
      .innerJoin("application as a", "a.id", "e.app_id")
      .select(["t.id", "t.public_id as attemptId", "m.public_id as messageId"])
      .select(["e.public_id as endpointId", "e.url", "a.public_id as appId", "a.kind"])
      .where("t.endpoint_id", "=", endpoint_id)
      .where("t.status", "=", ATTEMPT_STATUS.fail)
      .where("t.id", "<", keyAtTime(last_at + 1000))
      .where("t.id", ">=", incident.firstAttempt)
      .where(causeColumn("t"), "=", incident.cause)
      .where("a.deleted_at", "is", null)
      .orderBy("t.id", "desc")
      .limit(1)
      .executeTakeFirst();
    if (row === undefined) continue;
    const { id, kind, ...names } = row;
    const appId = kind === APPLICATION_KIND.source ? sourceIdOf(names.appId) : names.appId;
    found.push({ ...names, appId, at: timeOfKey(id) });
  }
  return found.slice(0, MAX_SAMPLES);
}

async function chartOf(ctx: Context, incident: number): Promise<IncidentDetail["chart"]> {
  const rows = await reader(ctx)
    .selectFrom("incident_slot")
    .select(["slot", "attempts"])
    .where("incident_id", "=", incident)
    .orderBy("slot", "desc")
    .limit(MAX_SLOTS)
    .execute();
  return rows.toReversed().map(({ slot, attempts }) => ({ at: slot * SLOT_MS, attempts }));
}

async function notesOf(ctx: Context, incident: number): Promise<readonly IncidentNote[]> {
  const rows = await reader(ctx)
    .selectFrom("incident_note")
    .selectAll()
    .where("incident_id", "=", incident)
    .orderBy("id", "desc")
    .limit(MAX_NOTES)
    .execute();
  return rows.map(({ id, public_id, author, text }) => ({ id: public_id, author, text, at: timeOfKey(id) }));
}
