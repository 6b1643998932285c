/**
 * One step of a reconciliation: one request to the provider's API, and what follows from its answer.
 *
 * What a step takes in is stored before how far it got. So a process that ends in between does the step again, and what it took in is
 * recognised as here already.
 */
import { refusalOf } from "../../backfill/refusal.ts";
import {
  type ApiAnswer,
  type ApiRequest,
  type EventContent,
  type ListedEvent,
  type ProviderApi,
  UnreadableAnswer,
} from "../../backfill/types.ts";
import type { Tx } from "../../store/store.ts";
import type { Services, TransactionServices } from "../context.ts";
import { announceSource } from "../source/announce.ts";
import type { Step } from "../task/run.ts";
import type { Task } from "../task/task.ts";
import type { ReconcileData, ReconcileParams } from "./run.ts";
import { apiOf, findRow } from "./settings.ts";

/** Missed events that are named. */
const MAX_EXAMPLES = 20;

interface Work {
  readonly services: Services;
  readonly api: ProviderApi;
  readonly params: ReconcileParams;
  readonly data: ReconcileData;
}

/** What a request came to: the progress, and how long to wait before the next one. */
interface Progress {
  readonly data: ReconcileData;
  readonly waitMs: number;
}

export async function reconcileStep(services: Services, task: Task): Promise<Step> {
  // A task of this kind was started by `startReconciliation`.
  const params = task.params as ReconcileParams;
  const data = task.data as ReconcileData;
  const row = await findRow({ services, tx: null }, params.sourceKey);
  if (row === null) return failed(data, "The reconciliation of the source was deleted.");
  const work: Work = { services, api: apiOf(row, services.secretBox), params, data };
  const [next] = data.waiting;
  if (next === undefined && data.listed) return finished(work);
  return attempt(work, next === undefined ? listRequest(work) : eventRequest(work, next), (answer) =>
    next === undefined ? takePage(work, answer) : takeEvent(work, next, answer),
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
  take: (answer: ApiAnswer) => Promise<Progress>,
): Promise<Step> {
  const answer = await services.providerApis.send(request);
  const refusal = refusalOf(answer, data.failures, services.now());
  if (answer.status !== null && refusal === null) {
    try {
      const { data: after, waitMs } = await take(answer);
      return wrote({ ...after, failures: 0, trouble: null }, waitMs);
    } catch (error) {
      if (error instanceof UnreadableAnswer) return failed(data, error.message);
      throw error;
    }
  }
  // One event that the provider does not know any more is no reason to leave the others.
  if (answer.status === 404 && data.waiting.length > 0) return wrote({ ...data, waiting: data.waiting.slice(1) }, 0);
  if (refusal!.kind === "fail") return failed(data, refusal!.reason);
  return wrote({ ...data, failures: data.failures + 1, trouble: refusal!.reason }, refusal!.ms);
}

/** Compares a page with what is here. What lists hold is taken in at once, the rest is asked for one by one. */
async function takePage(work: Work, answer: ApiAnswer): Promise<Progress> {
  const { services, api, params, data } = work;
  const { events, cursor } = api.readPage(answer, params);
  const here = await knownIds(services, params.sourceKey, events);
  const missing = events.filter(({ deliveryId }) => !here.has(deliveryId));
  const held = params.dryRun ? [] : missing.filter(({ content }) => content !== null);
  let fetched = 0;
  for (const event of held) if (await takeIn(work, event.content!, event)) fetched += 1;
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
      already: data.already + held.length - fetched,
      examples: [...data.examples, ...missing.map(exampleOf)].slice(0, MAX_EXAMPLES),
    },
  };
}

async function takeEvent(work: Work, ref: string, answer: ApiAnswer): Promise<Progress> {
  const { api, data } = work;
  const waiting = data.waiting.filter((each) => each !== ref);
  if (api.redeliver(ref) !== null) {
    return { data: { ...data, waiting, redelivered: data.redelivered + 1 }, waitMs: api.pauseMs };
  }
  const isNew = await takeIn(work, api.readContent(answer), null);
  return {
    waitMs: 0,
    data: {
      ...data,
      waiting,
      fetched: data.fetched + (isNew ? 1 : 0),
      messagesSent: data.messagesSent + (isNew ? 1 : 0),
      already: data.already + (isNew ? 0 : 1),
    },
  };
}

/** Returns whether it was not here yet. */
async function takeIn({ services, params }: Work, content: EventContent, event: ListedEvent | null): Promise<boolean> {
  return (await services.providerApis.takeIn(params.sourceKey, content, event)) === "stored";
}

function exampleOf({ deliveryId, eventType, occurredAt }: ListedEvent): ReconcileData["examples"][number] {
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

function wrote(data: ReconcileData, waitMs: number): Step {
  return { kind: "write", write: () => Promise.resolve({ data, end: null, waitMs }) };
}

function failed(data: ReconcileData, error: string): Step {
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
  params: ReconcileParams,
  data: ReconcileData,
): Promise<void> {
  const { sourceKey, from, until } = params;
  await tx.db
    .updateTable("source_reconcile")
    .set({ reconciled_until: until })
    .where("source_id", "=", sourceKey)
    // A run that leaves a gap behind the last one says nothing of what happened in it.
    .where(({ or, and, eb }) =>
      or([
        eb("reconciled_until", "is", null),
        and([eb("reconciled_until", ">=", from), eb("reconciled_until", "<", until)]),
      ]),
    )
    .execute();
  const { scanned, missing, fetched, redelivered } = data;
  if (fetched + redelivered === 0) return;
  const since = new Date(from).toISOString();
  const counts = { scanned, missing, fetched, redelivered };
  await announceSource(services, tx, sourceKey, "source.reconciled", {
    since,
    until: new Date(until).toISOString(),
    ...counts,
  });
}
