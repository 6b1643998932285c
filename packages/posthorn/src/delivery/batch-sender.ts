/**
 * Makes one attempt for several jobs of an endpoint: builds their messages, sends them in as few requests as the limits
 * allow, and splits a batch that is refused as a whole until the message at fault is alone.
 */
import type { Destination, OutgoingMessage, SendResult } from "../destinations/destination.ts";
import type { AttemptResult, BatchAttempt, BatchedResult } from "../dispatch/types.ts";
import type { DirectoryEndpoint } from "../domain/directory-endpoint.ts";
import type { MatchableMessage } from "../domain/message/match.ts";
import { readAllStored } from "../domain/message/sample.ts";
import { iteratorOfKey } from "../lib/id.ts";
import type { Job, KeptBatch } from "../store/delivery.ts";
import {
  type AttemptOptions,
  type AttemptSteps,
  BUSY_PAUSE_MS,
  ENDPOINT_GONE,
  HELD,
  isDiscarded,
  PAYLOAD_GONE,
  type ReadyMessage,
} from "./attempt-steps.ts";
import { ByteBudget } from "./byte-budget.ts";
import { withExactBody } from "./exact-job.ts";
import { redactedBatch } from "./redacted-attempt.ts";
import { ExactBodies } from "../domain/redaction/exact-body.ts";
import { messageOf } from "./stored-messages.ts";

/** Bytes of messages in batches that are being sent, over all endpoints. */
const MAX_BYTES = 64 * 1024 * 1024;

/** A message of the batch that is ready to be sent. */
interface Ready extends ReadyMessage {
  /** Position of its job in the batch. */
  readonly index: number;
}

interface Sending {
  readonly endpoint: DirectoryEndpoint;
  readonly destination: Destination;
  readonly batch: BatchAttempt;
  readonly results: (BatchedResult | null)[];
  /** Order keys with a message that failed, and its position in the batch. */
  readonly failures: Map<string, number>;
}

const NONE: ReadonlyMap<number, MatchableMessage> = new Map();
const NO_JOBS: ReadonlySet<number> = new Set();

export class BatchSender {
  readonly #options: AttemptOptions;
  readonly #steps: AttemptSteps;
  readonly #budget: ByteBudget;
  readonly #exact: ExactBodies;

  constructor(options: AttemptOptions, steps: AttemptSteps, maxBytes = MAX_BYTES) {
    this.#options = options;
    this.#steps = steps;
    this.#exact = new ExactBodies(options.store.hotDb, options.secretBox);
    this.#budget = new ByteBudget(maxBytes);
  }

  /** Returns a result per job. Rejects when the database is unavailable, and with `shard_lost` when another node owns the lane. */
  async attempt(jobs: readonly Job[], batch: BatchAttempt): Promise<readonly BatchedResult[]> {
    const all = (result: BatchedResult): readonly BatchedResult[] => jobs.map(() => result);
    const endpoint = await this.#options.directory.endpoint(jobs[0]!.endpointId);
    if (endpoint === null) return all(ENDPOINT_GONE);
    const destination = this.#steps.destination(endpoint);
    if (destination === null) return all(HELD);
    using stack = new DisposableStack();
    stack.use(await this.#budget.take(jobs.reduce((sum, { bytes = 0 }) => sum + bytes, 0)));
    const sending = {
      endpoint,
      destination,
      batch,
      results: jobs.map(() => null),
      failures: new Map<string, number>(),
    };
    const ready = await this.#prepare(jobs, sending);
    if (ready === "busy") return all({ kind: "not_now", pauseMs: BUSY_PAUSE_MS });
    await this.#send(sending, ready);
    return sending.results.map((result) => result ?? { kind: "behind" });
  }

  /** Builds the messages. Sets the result of those that will not be sent. `busy`: no transformation thread is free. */
  async #prepare(stored: readonly Job[], sending: Omit<Sending, "destination">): Promise<readonly Ready[] | "busy"> {
    const { endpoint, batch } = sending;
    const { jobs, gone } = await this.#exactJobs(stored);
    const unchanged = jobs.map((job) =>
      job.payload === null ? null : this.#steps.unchanged(job, endpoint, job.payload),
    );
    const changed = jobs.filter((_, index) => unchanged[index] === null && !gone.has(index));
    const messages = changed.length === 0 ? NONE : await this.#read(changed);
    const ready: Ready[] = [];
    for (let index = 0; index < jobs.length; index++) {
      const job = jobs[index]!;
      const unsent = this.#unsent(job, endpoint) ?? (gone.has(index) ? PAYLOAD_GONE : null);
      const same = unchanged[index]!;
      if (unsent === null && same !== null) {
        ready.push({ kind: "ready", job, message: same.message, change: same.change, index });
        continue;
      }
      const message = messages.get(job.messageId);
      if (unsent !== null || message === undefined) {
        noteResult(sending, { index, job }, unsent ?? PAYLOAD_GONE);
        continue;
      }
      const built = await this.#steps.build(job, endpoint, message, batch.signal);
      if (built.kind === "not_now") return "busy";
      if (built.kind === "ready") ready.push({ ...built, index });
      else noteResult(sending, { index, job }, built);
    }
    return ready;
  }

  /** Reads the exact bodies of redacted messages. `gone`: positions of jobs whose body was destroyed. */
  async #exactJobs(
    jobs: readonly Job[],
  ): Promise<{ readonly jobs: readonly Job[]; readonly gone: ReadonlySet<number> }> {
    if (!jobs.some(({ isRedacted }) => isRedacted === true)) return { jobs, gone: NO_JOBS };
    const exact = await Promise.all(
      jobs.map(async (job) => (job.isRedacted === true ? withExactBody(this.#exact, job) : job)),
    );
    const gone = new Set<number>();
    for (const [index, job] of exact.entries()) if (job === null) gone.add(index);
    return { jobs: exact.map((job, index) => job ?? jobs[index]!), gone };
  }

  async #read(jobs: readonly Job[]): Promise<ReadonlyMap<number, MatchableMessage>> {
    const messages = new Map<number, MatchableMessage>();
    const missing: number[] = [];
    for (const job of jobs) {
      const message = messageOf(job);
      if (message === null) missing.push(job.messageId);
      else messages.set(job.messageId, message);
    }
    if (missing.length === 0) return messages;
    for (const [key, message] of await readAllStored(this.#options.store.hotDb, missing)) messages.set(key, message);
    return messages;
  }

  /** Result of a job that will not be sent; `null` if it will be. */
  #unsent(job: Job, endpoint: DirectoryEndpoint): AttemptResult | null {
    if (this.#steps.isExpired(job)) return { kind: "void", reason: "expired" };
    return isDiscarded(job, endpoint) ? { kind: "void", reason: "discarded" } : null;
  }

  async #send(sending: Sending, ready: readonly Ready[]): Promise<void> {
    const { batch } = sending;
    const parts = isSame(ready, batch.earlier) ? [ready] : partsOf(ready, batch.policy);
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      const sendable = part.filter((one) => !isBehind(sending, one));
      if (sendable.length === 0) continue;
      const sent = await this.#sendPart(sending, sendable);
      if (sent === "split") {
        const half = Math.ceil(sendable.length / 2);
        parts.unshift(sendable.slice(0, half), sendable.slice(half));
        continue;
      }
      sendable.forEach((one, place) => noteResult(sending, one, sent[place]!));
      // The rest would fail in the same way.
      if (!sent.some((result) => isAccepted(result) || isFinal(result))) return;
    }
  }

  async #sendPart(sending: Sending, part: readonly Ready[]): Promise<readonly AttemptResult[] | "split"> {
    const { ids } = this.#options;
    const { destination, batch, endpoint } = sending;
    const attempts = part.map(() => ids.next("atmpt_"));
    const kept = await this.#keep(batch, part);
    const id = kept?.id ?? attempts[0]!.key;
    const { signal, maySend } = batch;
    const sent = await sendAll(
      destination,
      part.map(({ message, job }, index) => this.#steps.traced(message, job, attempts[index]!.key)),
      { signal, maySend },
    );
    if (sent === "split") {
      // The target has accepted none of them, so they may be sent in other batches.
      if (kept !== null) batch.kept!.end(kept);
      return sent;
    }
    const results = redactedBatch(
      sent.map((result, index) => this.#steps.sentResult(result, part[index]!.message, part[index]!.job)),
      part.map(({ job }) => job),
    );
    // A problem with the request is the same for all of its messages.
    const problem = results.find((result) => result.kind !== "ok" && result.problem !== null);
    if (problem !== undefined) this.#steps.report(endpoint, part[0]!.job, problem);
    const batchId = iteratorOfKey("batch_", id);
    return part.map((ready, index) => {
      const more = part.length === 1 ? null : { batch: { id: batchId, index, size: part.length } };
      return this.#steps.result(ready, attempts[index]!, results[index]!, more);
    });
  }

  /** Stores the members if the target recognises a batch by them; `null` if it does not. */
  async #keep({ kept, earlier, lease }: BatchAttempt, part: readonly Ready[]): Promise<KeptBatch | null> {
    if (kept === null) return null;
    const messageIds = part.map(({ job }) => job.messageId);
    if (earlier !== null && isSame(part, earlier)) return earlier;
    if (earlier !== null) kept.end(earlier);
    return kept.keep(this.#options.ids.next("batch_").key, messageIds, lease);
  }
}

async function sendAll(
  destination: Destination,
  messages: readonly OutgoingMessage[],
  limits: Pick<BatchAttempt, "signal" | "maySend">,
): Promise<readonly SendResult[] | "split"> {
  if (messages.length > 1 && destination.sendBatch !== undefined) return destination.sendBatch(messages, limits);
  const results: SendResult[] = [];
  for (const message of messages) results.push(await destination.send(message, limits));
  return results;
}

/** Splits the messages where a batch is full. Transformations may have made them larger than they were when they were chosen. */
function partsOf(ready: readonly Ready[], { items, bytes }: BatchAttempt["policy"]): (readonly Ready[])[] {
  const parts: Ready[][] = [];
  let size = 0;
  for (const one of ready) {
    const { byteLength } = one.message.body;
    const last = parts.at(-1);
    if (last === undefined || last.length >= items || size + byteLength > bytes) {
      parts.push([one]);
      size = byteLength;
    } else {
      last.push(one);
      size += byteLength;
    }
  }
  return parts;
}

function isSame(ready: readonly Ready[], batch: KeptBatch | null): boolean {
  if (batch === null || ready.length !== batch.messageIds.length) return false;
  return ready.every(({ job }, index) => job.messageId === batch.messageIds[index]);
}

/** Sets the result of a job. If it is retried, the jobs behind it in the same order are not sent. */
function noteResult(
  { batch, results, failures }: Pick<Sending, "batch" | "results" | "failures">,
  { index, job: { orderKey } }: Pick<Ready, "index" | "job">,
  result: AttemptResult,
): void {
  results[index] = result;
  if (!batch.isOrdered || typeof orderKey !== "string" || !isRetried(result)) return;
  failures.set(orderKey, Math.min(index, failures.get(orderKey) ?? index));
}

function isBehind({ failures }: Sending, { index, job: { orderKey } }: Ready): boolean {
  return typeof orderKey === "string" && index > (failures.get(orderKey) ?? index);
}

function isRetried(result: AttemptResult): boolean {
  if (result.kind === "void") return false;
  return result.kind !== "made" || (result.attempt.status !== 0 && result.final !== true);
}

function isAccepted(result: AttemptResult): boolean {
  return result.kind === "made" && result.attempt.status === 0;
}

function isFinal(result: AttemptResult): boolean {
  return result.kind === "made" && result.final === true;
}
