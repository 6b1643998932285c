/** Evaluates the condition of each kind of alert rule for an organisation. */
import { keyAtTime } from "../../lib/id.ts";
import { APPLICATION_KIND } from "../../store/schema.ts";
import type { OutsideContext } from "../context.ts";
import { hostOf } from "../endpoint/host.ts";
import { endingCertificates } from "../health/certificates.ts";
import { sourceIdOf } from "../source/source.ts";
import { statsNow } from "../stats/now.ts";
import { MINUTE_MS } from "../stats/minutes.ts";
import { getStorage } from "../storage/get.ts";
import type { AlertContent } from "./message.ts";
import type { AlertKind, AlertParams } from "./rule.ts";

/** Something that fulfils the condition of a rule. */
export interface Firing {
  /** Identifies it among those of the rule. */
  readonly subject: string;
  readonly content: AlertContent;
}

type Condition = (ctx: OutsideContext, params: Required<AlertParams>) => Promise<readonly Firing[]>;

/** Maximum number of alerts of one rule. */
export const MAX_FIRING = 200;

/** Returns everything that fulfils the condition of a rule now. */
export function evaluateCondition(
  ctx: OutsideContext,
  kind: AlertKind,
  params: AlertParams,
): Promise<readonly Firing[]> {
  // A saved rule has every threshold of its kind.
  return CONDITIONS[kind](ctx, params as Required<AlertParams>);
}

const CONDITIONS: Readonly<Record<AlertKind, Condition>> = {
  "endpoint-failing": endpointFailing,
  "circuit-open": circuitOpen,
  "success-rate": successRate,
  "retries-exhausted": retriesExhausted,
  "backlog-age": backlogAge,
  incident: incidents,
  "source-inactive": sourceInactive,
  quarantine,
  "certificate-expiry": certificateExpiry,
  disk,
};

/** Endpoints whose attempts have failed since. */
async function failing({ services, actor }: OutsideContext, until: number) {
  return services.store.db
    .selectFrom("endpoint_failure as f")
    .innerJoin("endpoint as e", "e.id", "f.endpoint_id")
    .innerJoin("application as a", "a.id", "e.app_id")
    .select(["e.id as key", "e.public_id as id", "e.url", "f.since", "f.failures"])
    .select(["a.public_id as appId", "a.name as appName", "a.kind"])
    .where("f.since", "<=", until)
    .where("a.org_id", "=", actor.orgId)
    .where("a.kind", "<>", APPLICATION_KIND.operational)
    .where("a.deleted_at", "is", null)
    .where("e.deleted_at", "is", null)
    .where("e.replay_task_id", "is", null)
    .orderBy("f.since")
    .limit(MAX_FIRING)
    .execute();
}

type FailingRow = Awaited<ReturnType<typeof failing>>[number];

function placeOf({ id, appId, kind }: Pick<FailingRow, "id" | "appId" | "kind">): string {
  const app = kind === APPLICATION_KIND.source ? sourceIdOf(appId) : appId;
  return `/applications/${app}/endpoints/${id}`;
}

async function endpointFailing(ctx: OutsideContext, { minutes }: Required<AlertParams>): Promise<readonly Firing[]> {
  const rows = await failing(ctx, ctx.services.now() - minutes * MINUTE_MS);
  return rows.map((row) => ({
    subject: row.id,
    content: {
      title: `The endpoint ${hostOf(row.url)} of ${row.appName} is failing`,
      text: `${row.failures === 1 ? "The only attempt has" : `All ${row.failures} attempts have`} failed since ${timeText(row.since)}. No events are lost: deliveries are retried or on hold.`,
      severity: "error",
      path: placeOf(row),
    },
  }));
}

async function circuitOpen(ctx: OutsideContext): Promise<readonly Firing[]> {
  const rows = await failing(ctx, ctx.services.now());
  const lanes = await ctx.services.lanes.unhealthy(rows.map(({ key }) => key));
  return rows.flatMap((row) => {
    const reason = lanes.get(row.key)?.breaker?.reason;
    if (reason === undefined) return [];
    const cause = reason === "asked_to_wait" ? "It asked Posthorn to wait" : "Recent attempts all failed";
    return {
      subject: row.id,
      content: {
        title: `The circuit of ${hostOf(row.url)} of ${row.appName} is open`,
        text: `${cause}, so its deliveries are on hold. Posthorn probes it and continues by itself.`,
        severity: "warning",
        path: placeOf(row),
      },
    };
  });
}

/** Counts of the organisation over the last minutes. */
async function recent({ services, actor }: OutsideContext, minutes: number) {
  await services.statistics.refresh();
  const from = Math.floor(services.now() / MINUTE_MS) - minutes;
  const row = await services.store.db
    .selectFrom("rollup_minute")
    .select((eb) => [
      eb.fn.sum<number | null>("attempts_ok").as("ok"),
      eb.fn.sum<number | null>("attempts_failed").as("failed"),
      eb.fn.sum<number | null>("exhausted").as("exhausted"),
    ])
    .where("org_id", "=", actor.orgId)
    .where("minute", ">", from)
    .executeTakeFirstOrThrow();
  return { ok: row.ok ?? 0, failed: row.failed ?? 0, exhausted: row.exhausted ?? 0 };
}

async function successRate(
  ctx: OutsideContext,
  { minutes, percent, count }: Required<AlertParams>,
): Promise<readonly Firing[]> {
  const { ok, failed } = await recent(ctx, minutes);
  const attempts = ok + failed;
  if (attempts < count || ok * 100 >= percent * attempts) return [];
  return organisationWide({
    title: `Only ${Math.floor((ok * 100) / attempts)} % of attempts succeed`,
    text: `${failed} of ${counted(attempts, "attempt", "attempts")} failed in the last ${lastMinutes(minutes)}. The threshold is ${percent} %.`,
    severity: "error",
    path: "/incidents",
  });
}

async function retriesExhausted(
  ctx: OutsideContext,
  { minutes, count }: Required<AlertParams>,
): Promise<readonly Firing[]> {
  const { exhausted } = await recent(ctx, minutes);
  if (exhausted < count) return [];
  return organisationWide({
    title: `Retries exhausted for ${counted(exhausted, "delivery", "deliveries")}`,
    text: `Their last attempts were made in the last ${lastMinutes(minutes)}. Replay the messages when their endpoints work again.`,
    severity: "error",
    path: "/incidents",
  });
}

/** Such as "minute" or "60 minutes", after "in the last". */
function lastMinutes(minutes: number): string {
  return minutes === 1 ? "minute" : `${minutes} minutes`;
}

function counted(value: number, one: string, several: string): string {
  return `${value} ${value === 1 ? one : several}`;
}

function organisationWide(content: AlertContent): readonly Firing[] {
  return [{ subject: "organisation", content }];
}

async function backlogAge(ctx: OutsideContext, { minutes }: Required<AlertParams>): Promise<readonly Firing[]> {
  const { at, waiting } = await statsNow({ ctx, input: null });
  const { oldestDue, due, held } = waiting;
  if (oldestDue === null || at - oldestDue < minutes * MINUTE_MS) return [];
  return organisationWide({
    title: "Deliveries are late",
    text: `The oldest pending delivery has been due since ${timeText(oldestDue)}. ${counted(due - held, "delivery is", "deliveries are")} queued.`,
    severity: "error",
    path: "/",
  });
}

async function incidents(
  { services, actor }: OutsideContext,
  { count }: Required<AlertParams>,
): Promise<readonly Firing[]> {
  await services.statistics.refresh();
  const now = services.now();
  const rows = await services.store.db
    .selectFrom("incident")
    .select(["public_id", "host", "cause", "applications", "events", "first_at"])
    .where("org_id", "=", actor.orgId)
    .where("resolved_at", "is", null)
    .where("applications", ">=", count)
    .where((eb) => eb.or([eb("muted_until", "is", null), eb("muted_until", "<=", now)]))
    .orderBy("applications", "desc")
    .limit(MAX_FIRING)
    .execute();
  return rows.map(({ public_id, host, cause, applications, events, first_at }) => ({
    subject: public_id,
    content: {
      title: `Incident: ${cause} at ${host === "*" ? "several hosts" : host}`,
      text: `${counted(applications, "customer", "customers")}, ${counted(events, "event", "events")} since ${timeText(first_at)}.`,
      severity: "error",
      path: `/incidents/${public_id}`,
    },
  }));
}

async function sourceInactive(ctx: OutsideContext): Promise<readonly Firing[]> {
  const { inactiveSources } = await statsNow({ ctx, input: null });
  return inactiveSources.map(({ sourceId, name, inactiveSince }) => ({
    subject: sourceId,
    content: {
      title: `The source ${name} is inactive`,
      text: `It has received no events since ${timeText(inactiveSince)}, which is longer than usual.`,
      severity: "warning",
      path: `/sources/${sourceId}`,
    },
  }));
}

async function quarantine(
  { services, actor }: OutsideContext,
  { minutes, count }: Required<AlertParams>,
): Promise<readonly Firing[]> {
  const rows = await services.store.db
    .selectFrom("quarantine as q")
    .innerJoin("application as a", "a.id", "q.source_id")
    .select((eb) => ["a.public_id as id", "a.name", eb.fn.countAll<number>().as("rejected")])
    .where("q.id", ">=", keyAtTime(services.now() - minutes * MINUTE_MS))
    .where("a.org_id", "=", actor.orgId)
    .where("a.deleted_at", "is", null)
    .groupBy(["a.id", "a.public_id", "a.name"])
    .having((eb) => eb(eb.fn.countAll<number>(), ">=", count))
    .limit(MAX_FIRING)
    .execute();
  return rows.map(({ id, name, rejected }) => ({
    subject: sourceIdOf(id),
    content: {
      title: `The source ${name} rejects requests`,
      text: `${counted(rejected, "request", "requests")} failed verification in the last ${lastMinutes(minutes)} and went to quarantine.`,
      severity: "warning",
      path: `/sources/${sourceIdOf(id)}?tab=quarantine`,
    },
  }));
}

async function certificateExpiry(ctx: OutsideContext, { days }: Required<AlertParams>): Promise<readonly Firing[]> {
  const until = ctx.services.now() + days * 86_400_000;
  const rows = (await endingCertificates(ctx)).filter(({ validTo }) => validTo <= until);
  return rows.map(({ endpointId, appId, appName, url, validTo }) => ({
    subject: endpointId,
    content: {
      title: `The certificate of ${hostOf(url)} of ${appName} expires`,
      text: `It is valid until ${timeText(validTo)}. Deliveries fail from then on, unless it is renewed.`,
      severity: "warning",
      path: `/applications/${appId}/endpoints/${endpointId}`,
    },
  }));
}

async function disk(ctx: OutsideContext, { days }: Required<AlertParams>): Promise<readonly Firing[]> {
  const { forecast } = await getStorage({ ctx, input: null });
  const { fullInDays } = forecast;
  if (fullInDays === null || fullInDays > days) return [];
  return organisationWide({
    title: `The disk is full in ${counted(fullInDays, "day", "days")}`,
    text: "Shorten the retention, or add space. When the disk is full, no more messages are accepted.",
    severity: "critical",
    path: "/settings?tab=storage",
  });
}

function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
