import { notFound, PosthornError } from "../../lib/errors.ts";
import { TimeSlice } from "../../lib/time-slice.ts";
import type { AcceptResult } from "../../store/store.ts";
import { admitMessage, checkPublication, firstJobs, type Prepared, prepareMessage } from "./prepare.ts";
import { type Context, type OutsideCall, type OutsideContext, reader } from "../context.ts";
import type { DirectoryApplication } from "../directory.ts";
import { type CreateMessage, findOrCreateApplication } from "./create.ts";
import { commitWait } from "./commit-wait.ts";

/** One message of a batch, or the error that rejects it. */
export type BatchItem =
  | { readonly kind: "refused"; readonly error: unknown }
  | {
      readonly kind: "message";
      readonly message: CreateMessage;
      /** Whether the idempotency key belongs to the item, so that a used key makes it a duplicate. A repeated batch gets its first result. */
      readonly ownKey: boolean;
    };

export type BatchItemResult =
  | { readonly kind: "created" | "duplicate"; readonly id: string; readonly eventId: string | null }
  | { readonly kind: "failed"; readonly error: unknown };

/** Milliseconds of preparation before yielding to the event loop. Only batches that are filtered need more. */
const SLICE_MS = 20;

/**
 * Stores messages. A rejected message does not affect the others. Resolves when all accepted messages are on disk, in one commit unless
 * they produce too many rows for one commit, or filters take long to evaluate.
 */
export async function createMessages({ ctx, input }: OutsideCall<readonly BatchItem[]>): Promise<BatchItemResult[]> {
  const applications = await resolveApplications(ctx, input);
  const slice = new TimeSlice(SLICE_MS);
  const outcomes: Promise<readonly Outcome[]>[] = [];
  let prepared: (Prepared | Failed)[] = [];
  for (const [index, item] of input.entries()) {
    prepared.push(prepareItem(ctx, item, applications[index]!));
    if (!slice.isOver) continue;
    // Prepared messages must be stored before anything is awaited: see `prepareMessage`.
    const stored = storeAll(ctx, prepared);
    // Prevents an unhandled rejection if it fails before `Promise.all` awaits it.
    stored.catch(() => undefined);
    outcomes.push(stored);
    prepared = [];
    await slice.next();
  }
  outcomes.push(storeAll(ctx, prepared));
  return describe(ctx, input, (await Promise.all(outcomes)).flat());
}

/** Stores prepared messages and starts their deliveries. */
async function storeAll(ctx: OutsideContext, prepared: readonly (Prepared | Failed)[]): Promise<readonly Outcome[]> {
  const entries = prepared.flatMap((one) => ("entry" in one ? [one.entry] : []));
  const accepted = await ctx.services.store.acceptAll(entries);
  let next = 0;
  const outcomes = prepared.map((one) => ("entry" in one ? outcomeOf(one, accepted[next++]!) : one));
  ctx.services.dispatch.push(
    outcomes.flatMap((one) => ("stored" in one ? firstJobs(one.stored.entry, one.stored.dues) : [])),
  );
  const { tracing } = ctx.services;
  if (tracing !== null) {
    for (const one of outcomes) if ("stored" in one) tracing.published(one.stored.entry, one.stored.caller);
  }
  await commitWait(ctx.services, entries);
  return outcomes;
}

interface Failed {
  readonly failed: unknown;
}

type Outcome =
  | Failed
  | { readonly stored: Prepared & { readonly dues: readonly (number | null)[] | null } }
  | { readonly replayed: number }
  | { readonly duplicate: Prepared };

/** The application of each item, or the reason that there is none. Looks up each application once. */
async function resolveApplications(
  ctx: Context,
  items: readonly BatchItem[],
): Promise<readonly (DirectoryApplication | Failed)[]> {
  const known = new Map<string, DirectoryApplication>();
  const found: (DirectoryApplication | Failed)[] = [];
  for (const item of items) {
    if (item.kind === "refused") {
      found.push({ failed: item.error });
      continue;
    }
    const { app } = item.message;
    try {
      const application = known.get(app) ?? (await findOrCreateApplication(ctx, item.message));
      known.set(app, application);
      found.push(application);
    } catch (error) {
      found.push({ failed: error });
    }
  }
  return found;
}

function prepareItem(ctx: Context, item: BatchItem, application: DirectoryApplication | Failed): Prepared | Failed {
  if ("failed" in application) return application;
  if (item.kind === "refused") return { failed: item.error };
  try {
    checkPublication(ctx, item.message);
    admitMessage(ctx, application.key);
    return prepareMessage(ctx, application, item.message, item.message.idempotency, { caller: ctx.trace });
  } catch (error) {
    return { failed: error };
  }
}

function outcomeOf(prepared: Prepared, result: PromiseSettledResult<AcceptResult>): Outcome {
  if (result.status === "rejected") return { failed: result.reason };
  switch (result.value.kind) {
    case "stored":
      return { stored: { ...prepared, dues: result.value.dues ?? null } };
    case "replayed":
      return { replayed: result.value.messageId };
    case "duplicate_event_id":
      return { duplicate: prepared };
  }
}

async function describe(
  ctx: Context,
  items: readonly BatchItem[],
  outcomes: readonly Outcome[],
): Promise<BatchItemResult[]> {
  const replayed = await messagesByKey(
    ctx,
    outcomes.flatMap((one) => ("replayed" in one ? [one.replayed] : [])),
  );
  const duplicates = await messagesByEvent(
    ctx,
    outcomes.flatMap((one) => ("duplicate" in one ? [one.duplicate] : [])),
  );
  return outcomes.map((one, index): BatchItemResult => {
    if ("failed" in one) return { kind: "failed", error: one.failed };
    if ("stored" in one) {
      const { id, eventId } = one.stored.message;
      return { kind: "created", id, eventId };
    }
    const item = items[index]!;
    const before = "replayed" in one ? replayed.get(one.replayed) : duplicates.get(eventRef(one.duplicate.entry));
    // Deleted in the meantime.
    if (before === undefined) return { kind: "failed", error: notFound("message") };
    const repeated = "replayed" in one && item.kind === "message" && !item.ownKey;
    return { kind: repeated ? "created" : "duplicate", ...before };
  });
}

interface Stored {
  readonly id: string;
  readonly eventId: string | null;
}

/** Maximum number of parameters in a query. */
const STEP = 500;

async function messagesByKey(ctx: Context, keys: readonly number[]): Promise<ReadonlyMap<number, Stored>> {
  const found = new Map<number, Stored>();
  for (let at = 0; at < keys.length; at += STEP) {
    const rows = await reader(ctx)
      .selectFrom("message")
      .select(["id", "public_id", "event_id"])
      .where("id", "in", keys.slice(at, at + STEP))
      .execute();
    for (const row of rows) found.set(row.id, { id: row.public_id, eventId: row.event_id });
  }
  return found;
}

async function messagesByEvent(ctx: Context, duplicates: readonly Prepared[]): Promise<ReadonlyMap<string, Stored>> {
  const found = new Map<string, Stored>();
  for (const [appId, own] of Map.groupBy(duplicates, ({ entry }) => entry.appId)) {
    for (let at = 0; at < own.length; at += STEP) {
      const eventIds = own.slice(at, at + STEP).map(({ entry }) => entry.eventId!);
      const rows = await reader(ctx)
        .selectFrom("message")
        .select(["public_id", "event_id"])
        .where("app_id", "=", appId)
        .where("event_id", "in", eventIds)
        .execute();
      for (const row of rows) {
        found.set(eventRef({ appId, eventId: row.event_id }), { id: row.public_id, eventId: row.event_id });
      }
    }
  }
  return found;
}

function eventRef({ appId, eventId }: { readonly appId: number; readonly eventId: string | null }): string {
  return `${appId}/${eventId}`;
}

/** The first error if every item failed with a temporary error (503); otherwise `null`. */
export function failedForNow(results: readonly BatchItemResult[]): PosthornError | null {
  const errors = results.map((result) => (result.kind === "failed" ? result.error : null));
  const first = errors[0];
  if (!(first instanceof PosthornError)) return null;
  return errors.every((error) => error instanceof PosthornError && error.status === 503) ? first : null;
}
