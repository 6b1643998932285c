/**
 * One step of a backfill run: one request to the provider's API, and the processing of its response.
 *
 * A step stores fetched events before its own progress. If the process ends in between, the step runs again, and its events are recognised
 * as duplicates.
 */
import { refusalOf } from "../../backfill/refusal.ts";
import {
  type ApiResponse,
  type ApiRequest,
  type EventContent,
  type ListedEvent,
  type ProviderApi,
  UnexpectedResponse,
} from "../../backfill/types.ts";
import type { Services, TransactionServices } from "../context.ts";
import { announceSource } from "../source/announce.ts";
import type { Task } from "../task/task.ts";
import type { BackfillData, BackfillParams } from "./run.ts";
import { apiOf, findRow } from "./settings.ts";
import type { Step } from "../task/step.ts";
import type { Tx } from "../../store/tx.ts";

/** Missing events listed as examples. */
const MAX_EXAMPLES = 20;

interface Work {
  readonly services: Services;
  readonly api: ProviderApi;
  readonly params: BackfillParams;
  readonly data: BackfillData;
}

/** Result of a request: new progress, and the wait before the next request. */
interface Progress {
  readonly data: BackfillData;
  readonly waitMs: number;
}

export async function backfillStep(services: Services, task: Task): Promise<Step> {
  // Only `startBackfill` creates tasks of this kind.
  const params = task.params as BackfillParams;
  const data = task.data as BackfillData;
  const row = await findRow({ services, tx: null }, params.sourceKey);
  if (row === null) return failed(data, "The backfill settings of this source were deleted during the run.");
  const work: Work = { services, api: apiOf(row, services.secretBox), params, data };
  const [next] = data.waiting;
  if (next === undefined && data.listed) return finished(work);
  return attempt(work, next === undefined ? listRequest(work) : eventRequest(work, next), (response) =>
    next === undefined ? takePage(work, response) : takeEvent(work, next, response),
  );
}

function listRequest({ api, params, data }: Work): ApiRequest {
  return api.list(params, data.cursor);
}

function eventRequest({ api }: Work, ref: string): ApiRequest {
  return api.redeliver(ref) ?? api.read(ref);
}

async function attempt(
  { services, data }: Work,
  request: ApiRequest,
  take: (response: ApiResponse) => Promise<Progress>,
): Promise<Step> {
  const response = await services.providerApis.send(request);
  const refusal = refusalOf(response, data.failures, services.now());
  if (response.status !== null && refusal === null) {
    try {
      const { data: after, waitMs } = await take(response);
      return wrote({ ...after, failures: 0, lastError: null }, waitMs);
    } catch (error) {
      if (error instanceof UnexpectedResponse) return failed(data, error.message);
      throw error;
    }
  }
  // The provider no longer has this one event. Continue with the others.
  if (response.status === 404 && data.waiting.length > 0) return wrote({ ...data, waiting: data.waiting.slice(1) }, 0);
  if (refusal!.kind === "fail") return failed(data, refusal!.reason);
  return wrote({ ...data, failures: data.failures + 1, lastError: refusal!.reason }, refusal!.ms);
}

/** Compares a page with the stored events. Stores missing events whose content is in the list; queues the others. */
async function takePage(work: Work, response: ApiResponse): Promise<Progress> {
  const { services, api, params, data } = work;
  const { events, cursor } = api.readPage(response, params);
  const here = await knownIds(services, params.sourceKey, events);
  const missing = events.filter(({ deliveryId }) => !here.has(deliveryId));
  const held = params.dryRun ? [] : missing.filter(({ content }) => content !== null);
  let fetched = 0;
  for (const event of held) if (await storeMissing(work, event.content!, event)) fetched += 1;
  const waiting = params.dryRun ? [] : missing.filter(({ content }) => content === null).map(({ ref }) => ref);
  return {
    waitMs: 0,
    data: {
      ...data,
      cursor,
      listed: cursor === null,
      waiting,
      scanned: data.scanned + events.length,
      missing: data.missing + missing.length,
      fetched: data.fetched + fetched,
      messagesSent: data.messagesSent + fetched,
      duplicates: data.duplicates + held.length - fetched,
      examples: [...data.examples, ...missing.map(exampleOf)].slice(0, MAX_EXAMPLES),
    },
  };
}

async function takeEvent(work: Work, ref: string, response: ApiResponse): Promise<Progress> {
  const { api, data } = work;
  const waiting = data.waiting.filter((each) => each !== ref);
  if (api.redeliver(ref) !== null) {
    return { data: { ...data, waiting, redelivered: data.redelivered + 1 }, waitMs: api.pauseMs };
  }
  const isNew = await storeMissing(work, api.readContent(response), null);
  return {
    waitMs: 0,
    data: {
      ...data,
      waiting,
      fetched: data.fetched + (isNew ? 1 : 0),
      messagesSent: data.messagesSent + (isNew ? 1 : 0),
      duplicates: data.duplicates + (isNew ? 0 : 1),
    },
  };
}

/** Stores an event. Returns whether it was new. */
async function storeMissing(
  { services, params }: Work,
  content: EventContent,
  event: ListedEvent | null,
): Promise<boolean> {
  return (await services.providerApis.take(params.sourceKey, content, event)) === "stored";
}

function exampleOf({ deliveryId, eventType, occurredAt }: ListedEvent): BackfillData["examples"][number] {
  return { deliveryId, eventType, occurredAt };
}

async function knownIds(
  { store }: Services,
  sourceKey: number,
  events: readonly ListedEvent[],
): Promise<ReadonlySet<string>> {
  if (events.length === 0) return new Set();
  const rows = await store.db
    .selectFrom("message")
    .select("event_id")
    .where("app_id", "=", sourceKey)
    .where(
      "event_id",
      "in",
      events.map(({ deliveryId }) => deliveryId),
    )
    .execute();
  return new Set(rows.map(({ event_id }) => event_id!));
}

function wrote(data: BackfillData, waitMs: number): Step {
  return { kind: "write", write: () => Promise.resolve({ data, end: null, waitMs }) };
}

function failed(data: BackfillData, error: string): Step {
  return { kind: "write", write: () => Promise.resolve({ data: { ...data, error }, end: "failed", waitMs: 0 }) };
}

function finished({ services, params, data }: Work): Step {
  return {
    kind: "write",
    write: async (tx) => {
      if (!params.dryRun) await keepDone(services, tx, params, data);
      return { data, end: "finished", waitMs: 0 };
    },
  };
}

async function keepDone(
  services: TransactionServices,
  tx: Tx,
  params: BackfillParams,
  data: BackfillData,
): Promise<void> {
  const { sourceKey, from, until } = params;
  await tx.db
    .updateTable("source_backfill")
    .set({ backfilled_until: until })
    .where("source_id", "=", sourceKey)
    // A run that starts after the end of the last one says nothing about the gap between them.
    .where(({ or, and, eb }) =>
      or([
        eb("backfilled_until", "is", null),
        and([eb("backfilled_until", ">=", from), eb("backfilled_until", "<", until)]),
      ]),
    )
    .execute();
  const { scanned, missing, fetched, redelivered } = data;
  if (fetched + redelivered === 0) return;
  const since = new Date(from).toISOString();
  const counts = { scanned, missing, fetched, redelivered };
  await announceSource(services, tx, sourceKey, "source.backfilled", {
    since,
    until: new Date(until).toISOString(),
    ...counts,
  });
}
