/** Tries a filter on the newest messages. Writes nothing. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { CompiledFilter } from "../../filter/compile.ts";
import { notFound, PosthornError } from "../../lib/errors.ts";
import { KeyedWorkLimiter } from "../../lib/keyed-work-limiter.ts";
import type { OutsideCall } from "../context.ts";
import { readAllStored } from "../message/sample.ts";
import { type Explanation, explainOf } from "./explain-filter.ts";
import { readFilter } from "./filter.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";

export interface DryRunFilter extends EndpointRef {
  /** JSON of a filter to use instead of the endpoint's own; `null`: its own. */
  readonly filter: string | null;
  /** Newest messages to try. */
  readonly limit: number;
}

/** A message with the decision about it. */
export interface FilterSample {
  readonly messageId: string;
  readonly eventType: string;
  readonly timestamp: number;
  readonly explanation: Explanation;
}

/** Messages with the same reason for not matching. */
export interface MismatchCount {
  readonly reason: Explanation["reason"];
  readonly clause: string | null;
  readonly count: number;
}

export interface FilterDryRun {
  readonly matched: number;
  readonly unmatched: number;
  /** Messages whose payload was deleted or has expired. They are in neither count. */
  readonly withoutPayload: number;
  /** Times of the oldest and the newest message that was tried. */
  readonly from: number | null;
  readonly to: number | null;
  /** The most frequent reasons first. */
  readonly reasons: readonly MismatchCount[];
  /** The newest ones of each kind. */
  readonly matching: readonly FilterSample[];
  readonly notMatching: readonly FilterSample[];
  /** Whether it ended before all messages were tried. */
  readonly isPartial: boolean;
}

/** Messages that one dry run may try. */
export const MAX_FILTER_DRY_RUN = 1000;
const AT_ONCE = 50;
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_MS = 2000;
/** Time after which the event loop is yielded to other requests. */
const TURN_MS = 10;
const MAX_SAMPLES = 10;
const MAX_REASONS = 20;

/** Each takes up to {@link MAX_MS} of the thread that serves all requests, so those of an organisation run one after another. */
const MAX_WAITING = 3;
const limiter = new KeyedWorkLimiter({ concurrency: 1, maxWaiting: MAX_WAITING });

/** Explains the newest messages of the application, from the newest one on, until a limit of time or size ends it. */
export async function dryRunFilter(call: OutsideCall<DryRunFilter>): Promise<FilterDryRun> {
  const { filter } = call.input;
  const given = filter === null ? null : readFilter(filter);
  const result = limiter.run(call.ctx.actor.orgPublicId, () => tryOnNewest(call, given));
  if (result !== null) return await result;
  const message = `${MAX_WAITING + 1} dry runs of filters of this organisation are in progress. Try again in a few seconds.`;
  throw new PosthornError("dry_runs_busy", message);
}

async function tryOnNewest(
  { ctx, input }: OutsideCall<DryRunFilter>,
  given: CompiledFilter | null,
): Promise<FilterDryRun> {
  const { application, endpoint } = await getEndpoint(ctx, input);
  const known = await ctx.services.directory.endpoint(endpoint.key);
  if (known === null) throw notFound("endpoint");
  const { db } = ctx.services.store;
  const rows = await db
    .selectFrom("message")
    .select("id")
    .where("app_id", "=", application.key)
    .orderBy("id", "desc")
    .limit(input.limit)
    .execute();
  const tally = new Tally();
  const deadline = performance.now() + MAX_MS;
  let bytes = 0;
  let turn = performance.now();
  for (let from = 0; from < rows.length; from += AT_ONCE) {
    const keys = rows.slice(from, from + AT_ONCE).map(({ id }) => id);
    const stored = await readAllStored(db, keys);
    for (const key of keys) {
      if (performance.now() > deadline || bytes > MAX_BYTES) return tally.result(true);
      const message = stored.get(key);
      if (message === undefined) {
        tally.withoutPayload += 1;
        continue;
      }
      bytes += message.payload.byteLength;
      const explanation = explainOf(known, message, given);
      tally.add({ messageId: message.id, eventType: message.eventType, timestamp: message.time, explanation });
      if (performance.now() - turn < TURN_MS) continue;
      await nextTurn();
      turn = performance.now();
    }
  }
  return tally.result(false);
}

/** Counts decisions, and keeps a few of each kind. Messages arrive from the newest one on. */
class Tally {
  withoutPayload = 0;
  readonly #counts = { matched: 0, unmatched: 0 };
  readonly #reasons = new Map<string, MismatchCount>();
  readonly #matching: FilterSample[] = [];
  readonly #notMatching: FilterSample[] = [];
  #from: number | null = null;
  #to: number | null = null;

  add(sample: FilterSample): void {
    const { matched, reason, clause } = sample.explanation;
    this.#to ??= sample.timestamp;
    this.#from = sample.timestamp;
    this.#counts[matched ? "matched" : "unmatched"] += 1;
    const kept = matched ? this.#matching : this.#notMatching;
    if (kept.length < MAX_SAMPLES) kept.push(sample);
    if (matched) return;
    const name = JSON.stringify([reason, clause]);
    this.#reasons.set(name, { reason, clause, count: (this.#reasons.get(name)?.count ?? 0) + 1 });
  }

  result(isPartial: boolean): FilterDryRun {
    return {
      ...this.#counts,
      withoutPayload: this.withoutPayload,
      from: this.#from,
      to: this.#to,
      reasons: [...this.#reasons.values()].toSorted((a, b) => b.count - a.count).slice(0, MAX_REASONS),
      matching: this.#matching,
      notMatching: this.#notMatching,
      isPartial,
    };
  }
}
