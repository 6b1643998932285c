/** Disables a failing endpoint, and warns before that: each in one transaction with its operational webhook. */
import { keyAtTime } from "../../lib/id.ts";
import { APPLICATION_KIND } from "../../store/schema.ts";
import { recordSystemChange } from "../audit/trail.ts";
import type { Services, TransactionServices } from "../context.ts";
import { type Disabled, disabledJson } from "../endpoint/disabled.ts";
import type { FailureRate, Streak } from "./streak.ts";
import type { OperationalEventType } from "../operational/events.ts";
import type { Tx } from "../../store/tx.ts";

/** Reason of an endpoint that was disabled because it responded 410. */
export const GONE = "gone";

/** Why an endpoint is disabled. */
export interface Cause {
  /** When the failures started, Unix milliseconds. */
  readonly since: number;
  readonly failures: number;
  readonly reason: string;
  /** Key of the attempt that caused it. It counts only if the endpoint was not changed after that attempt started. */
  readonly attemptKey?: number;
}

/**
 * Returns whether the endpoint was enabled until now. Its failure rate is counted from now on: earlier failures would disable it again as soon
 * as a person enables it.
 */
export function disableFailing(services: Services, endpointKey: number, cause: Cause): Promise<boolean> {
  const { since, failures, reason, attemptKey = Number.POSITIVE_INFINITY } = cause;
  const at = services.now();
  return services.store.transaction(async (tx) => {
    const subject = await liveEndpoint(tx, endpointKey);
    if (subject === null || subject.disabled === 1) return false;
    if (attemptKey < keyAtTime(subject.updated_at)) return false;
    const disabled: Disabled = { trigger: "automatic", at, reason, failSince: since };
    await tx.db
      .updateTable("endpoint")
      .set({ disabled: 1, disabled_json: disabledJson(disabled), updated_at: at })
      .where("id", "=", endpointKey)
      .execute();
    await saveRate(tx, endpointKey, { counted_from: at, warned: 0 });
    await announce(services, tx, "endpoint.disabled", subject, {
      trigger: "automatic",
      reason,
      failSince: new Date(since).toISOString(),
      failures,
    });
    await recordSystemChange(services, tx, {
      orgId: subject.org_id,
      action: "system.endpoint.disable",
      target: { kind: "endpoint", id: subject.endpoint_id, name: subject.endpoint_uid },
      application: { key: subject.app_id, id: subject.public_id },
      facts: { reason, failures, failingSince: new Date(since).toISOString() },
    });
    tx.signal({ kind: "application", key: subject.app_id });
    if (reason === GONE) tx.signal({ kind: "subscriptions" });
    return true;
  }, "health.auto-disable");
}

export interface Warning {
  readonly endpointKey: number;
  readonly streak: Streak;
  readonly percent: number;
  /** When it is disabled unless an attempt succeeds, Unix milliseconds. */
  readonly disabledAt: number | null;
}

/** Warns, and records the warning, so that it is not repeated after a restart. */
export function warnOfDisabling(services: Services, warning: Warning): Promise<void> {
  const { endpointKey, streak, percent, disabledAt } = warning;
  return services.store.transaction(async (tx) => {
    const subject = await liveEndpoint(tx, endpointKey);
    if (subject === null || subject.disabled === 1) return;
    await saveStreaks(tx, [[endpointKey, { ...streak, warned: percent }]], services.now());
    await announce(services, tx, "endpoint.warning", subject, {
      percent,
      by: "time",
      failSince: new Date(streak.since).toISOString(),
      failures: streak.failures,
      disabledAt: disabledAt === null ? null : new Date(disabledAt).toISOString(),
    });
  }, "health.auto-disable");
}

export interface RateWarning {
  readonly endpointKey: number;
  readonly rate: FailureRate;
  /** From when its attempts were counted, Unix milliseconds. */
  readonly since: number;
  readonly percent: number;
}

/** Warns about the failure rate of an endpoint that sometimes succeeds. When it will be disabled is not known. */
export function warnOfRate(services: Services, { endpointKey, rate, since, percent }: RateWarning): Promise<void> {
  return services.store.transaction(async (tx) => {
    const subject = await liveEndpoint(tx, endpointKey);
    if (subject === null || subject.disabled === 1) return;
    await saveRate(tx, endpointKey, { warned: percent });
    const { attempts, failures } = rate;
    const failSince = new Date(since).toISOString();
    await announce(services, tx, "endpoint.warning", subject, {
      percent,
      by: "rate",
      failSince,
      attempts,
      failures,
      disabledAt: null,
    });
  }, "health.auto-disable");
}

/** The failure rate has dropped, so the next rise causes another warning. */
export function forgetRateWarning(services: Services, endpointKey: number): Promise<void> {
  return services.store.transaction((tx) => saveRate(tx, endpointKey, { warned: 0 }), "health.auto-disable");
}

async function saveRate(
  { db }: Tx,
  endpoint_id: number,
  columns: { readonly counted_from?: number; readonly warned: number },
): Promise<void> {
  await db
    .insertInto("endpoint_rate")
    .values({ endpoint_id, counted_from: 0, ...columns })
    .onConflict((conflict) => conflict.column("endpoint_id").doUpdateSet(columns))
    .execute();
}

/** Stores the failure streaks of endpoints; `null`: the streak has ended. */
export async function saveStreaks(
  { db }: Tx,
  streaks: readonly (readonly [endpointKey: number, streak: Streak | null])[],
  at: number,
): Promise<void> {
  for (const [endpoint_id, streak] of streaks) {
    if (streak === null) {
      await db.deleteFrom("endpoint_failure").where("endpoint_id", "=", endpoint_id).execute();
      continue;
    }
    const { since, failures, lastAt, warned } = streak;
    const columns = { since, failures, last_at: lastAt, warned, updated_at: at };
    await db
      .insertInto("endpoint_failure")
      .values({ endpoint_id, ...columns })
      .onConflict((conflict) => conflict.column("endpoint_id").doUpdateSet(columns))
      .execute();
  }
}

async function liveEndpoint({ db }: Tx, key: number) {
  const row = await db
    .selectFrom("endpoint")
    .innerJoin("application", "application.id", "endpoint.app_id")
    .select([
      "endpoint.public_id as endpoint_id",
      "endpoint.uid as endpoint_uid",
      "endpoint.disabled",
      "endpoint.updated_at",
      "endpoint.app_id",
    ])
    .select(["application.public_id", "application.uid", "application.kind", "application.org_id"])
    .where("endpoint.id", "=", key)
    .where("endpoint.deleted_at", "is", null)
    // The target of a one-off replay could not be enabled again, and is deleted when the replay ends.
    .where("endpoint.replay_task_id", "is", null)
    .where("application.deleted_at", "is", null)
    .executeTakeFirst();
  return row ?? null;
}

type LiveEndpoint = NonNullable<Awaited<ReturnType<typeof liveEndpoint>>>;

/** Only for endpoints of customers: an operational endpoint must not receive webhooks about itself. */
async function announce(
  { operational }: Pick<TransactionServices, "operational">,
  tx: Tx,
  type: OperationalEventType,
  { public_id, uid, endpoint_id, endpoint_uid, kind, org_id }: LiveEndpoint,
  more: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (kind !== APPLICATION_KIND.customer) return;
  const data = { appId: public_id, appUid: uid, endpointId: endpoint_id, endpointUid: endpoint_uid, ...more };
  await operational.announce(tx, { orgId: org_id, type, data });
}
