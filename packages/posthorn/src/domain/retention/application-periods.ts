/** Retention periods of single applications. The server's periods are their upper limit. */
import type { Selectable } from "kysely";
import { invalid } from "../../lib/errors.ts";
import type { ApplicationRetentionTable } from "../../store/server-schema.ts";
import type { ApplicationRef } from "../application/egress.ts";
import { getApplication } from "../application/find.ts";
import { atomically, type Call, type Context, reader, write } from "../context.ts";
import { DAY_MS } from "../storage/day.ts";
import type { RetentionPeriods } from "./retention.ts";

/** Periods in days. `null`: the server's period applies. */
export interface RetentionDays {
  readonly payloadDays: number | null;
  readonly attemptDays: number | null;
  readonly failureDays: number | null;
}

const KINDS = ["payload", "attempt", "failure"] as const;
type RetentionKind = (typeof KINDS)[number];

/** One period of an application. */
export interface RetentionPeriod {
  /** Days that apply. */
  readonly days: number;
  /** `server`: the application has no period of its own, or the server keeps this data for a shorter time. */
  readonly from: "application" | "server";
  /** Period of the application; `null`: none. */
  readonly own: number | null;
  /** Period of the server, and the longest that an application can have. */
  readonly server: number;
}

export type ApplicationRetention = { readonly [Kind in RetentionKind]: RetentionPeriod };

/** An absent period is unchanged. */
export interface SetApplicationRetention extends ApplicationRef, Partial<RetentionDays> {}

const SETTINGS: { readonly [Kind in RetentionKind]: string } = {
  payload: "POSTHORN_PAYLOAD_RETENTION_DAYS",
  attempt: "POSTHORN_ATTEMPT_RETENTION_DAYS",
  failure: "POSTHORN_FAILURE_RETENTION_DAYS",
};

/** Returns the periods of an application. Throws `not_found`. */
export async function getApplicationRetention({ ctx, input }: Call<ApplicationRef>): Promise<ApplicationRetention> {
  const { key } = await getApplication(ctx, input.app);
  return viewOf(ctx.services.rules.retention, await ownPeriods(ctx, key));
}

/**
 * Sets periods of an application, for its existing and future messages. Throws a 422 for a period above the server's, and for failures that
 * would be kept for a shorter time than attempts.
 */
export function setApplicationRetention(call: Call<SetApplicationRetention>): Promise<ApplicationRetention> {
  return atomically(call, async ({ ctx, input }) => {
    const { key } = await getApplication(ctx, input.app);
    const before = await ownPeriods(ctx, key);
    const after = {
      payloadDays: input.payloadDays === undefined ? before.payloadDays : input.payloadDays,
      attemptDays: input.attemptDays === undefined ? before.attemptDays : input.attemptDays,
      failureDays: input.failureDays === undefined ? before.failureDays : input.failureDays,
    };
    check(ctx.services.rules.retention, input, after);
    ctx.audit?.changed(before, after);
    const columns = {
      payload_days: after.payloadDays,
      attempt_days: after.attemptDays,
      failure_days: after.failureDays,
    };
    // The row stays when all periods are removed: its cursors tell feeds which messages were deleted.
    await write(ctx, ({ db }) =>
      db
        .insertInto("application_retention")
        .values({ app_id: key, ...columns })
        .onConflict((conflict) => conflict.column("app_id").doUpdateSet(columns))
        .execute(),
    );
    return viewOf(ctx.services.rules.retention, after);
  });
}

/** Returns the periods that apply to the messages of an application. */
export async function retentionOfApplication(ctx: Context, appKey: number): Promise<RetentionPeriods> {
  return shortestOf(ctx.services.rules.retention, await ownPeriods(ctx, appKey));
}

/**
 * Returns the shorter one of each period. Attempts are never kept longer than failures, even if the operator extended the server's periods
 * after the application's were set.
 */
export function shortestOf(server: RetentionPeriods, own: RetentionDays): RetentionPeriods {
  const shorter = (days: number | null, ms: number): number => (days === null ? ms : Math.min(days * DAY_MS, ms));
  const failureMs = shorter(own.failureDays, server.failureMs);
  return {
    payloadMs: shorter(own.payloadDays, server.payloadMs),
    attemptMs: Math.min(shorter(own.attemptDays, server.attemptMs), failureMs),
    failureMs,
  };
}

export function toRetentionDays(row: Selectable<ApplicationRetentionTable>): RetentionDays {
  return { payloadDays: row.payload_days, attemptDays: row.attempt_days, failureDays: row.failure_days };
}

const NONE: RetentionDays = { payloadDays: null, attemptDays: null, failureDays: null };

async function ownPeriods(ctx: Context, appKey: number): Promise<RetentionDays> {
  const row = await reader(ctx)
    .selectFrom("application_retention")
    .selectAll()
    .where("app_id", "=", appKey)
    .executeTakeFirst();
  return row === undefined ? NONE : toRetentionDays(row);
}

function viewOf(server: RetentionPeriods, own: RetentionDays): ApplicationRetention {
  const applied = shortestOf(server, own);
  const period = (kind: RetentionKind): RetentionPeriod => {
    const [ownDays, serverDays] = [own[`${kind}Days`], server[`${kind}Ms`] / DAY_MS];
    const days = applied[`${kind}Ms`] / DAY_MS;
    return {
      days,
      from: days < serverDays || ownDays === days ? "application" : "server",
      own: ownDays,
      server: serverDays,
    };
  };
  return { payload: period("payload"), attempt: period("attempt"), failure: period("failure") };
}

function check(server: RetentionPeriods, input: Partial<RetentionDays>, after: RetentionDays): void {
  for (const kind of KINDS) {
    const days = input[`${kind}Days`] ?? null;
    const most = server[`${kind}Ms`] / DAY_MS;
    if (days === null || days <= most) continue;
    throw invalid(
      `${kind}Days`,
      `This server keeps this data for ${most} days (${SETTINGS[kind]}), and an application cannot keep it longer. Use 1 to ${most}, or null for the server's period.`,
      "retention_too_long",
    );
  }
  // Compare with the period that applies, because the operator may have lowered the server's periods since the application's were set.
  const attemptDays = Math.min(after.attemptDays ?? Infinity, server.attemptMs / DAY_MS);
  const failureDays = Math.min(after.failureDays ?? Infinity, server.failureMs / DAY_MS);
  if (failureDays >= attemptDays) return;
  throw invalid(
    "failureDays",
    `Failures are kept at least as long as attempts, which are kept for ${attemptDays} days. Set a shorter attemptDays as well.`,
    "retention_too_short",
  );
}
