/** What is written and read in batches: accepted messages, outcomes, and pages of due deliveries. */
import { isRare } from "../announcing.ts";
import type { AttemptRecord, JobPage, Outcome } from "../delivery.ts";
import type { AcceptEntry, AcceptResult, CommitListener } from "../store.ts";
import type { WriteHealth } from "../write-health.ts";
import { Batcher, type TakenEntries } from "./batcher.ts";
import type { Pool } from "./connections.ts";
import type { Counters } from "./counters.ts";
import { isUnavailable, isUnique, toStoreError } from "./errors.ts";
import { acceptTogether, acceptWithFlowControl, keysOf } from "./hot/accept.ts";
import { acceptAndRecord, mayJoinMessages, mayShareCommit } from "./hot/accept-and-record.ts";
import { AnnouncingRecord, nameOf } from "./hot/announce.ts";
import { duePages } from "./hot/due.ts";
import type { DueAsk } from "./hot/page.ts";
import type { Recorded } from "./hot/record.ts";

/** Outcomes of one batch of deliveries that get a separate commit. */
const LARGE_BATCH = 16;
/** After a commit of messages and outcomes has failed, they get separate ones for this long. */
const APART_MS = 1000;

type RecordBatcher = Batcher<readonly Outcome[], Recorded>;

export interface BatcherParts {
  readonly hot: Pool;
  /** Receives the entries of each commit. */
  readonly listener: CommitListener | null;
  readonly counters: Counters;
  /** Repeats work that lost against another transaction, or whose partition does not exist yet. */
  readonly trying: <T>(newestKey: number, work: () => Promise<T>, retry?: (error: unknown) => boolean) => Promise<T>;
}

export interface AcceptHooks {
  readonly writeHealth: WriteHealth;
  /** The connection was lost during a commit: it is unknown whether it took place. */
  readonly onUnknownCommit: () => void;
  /** Outcomes that wait for others are stored with the next messages. */
  readonly records: RecordBatcher;
}

export function acceptBatcher(
  { hot, listener, counters, trying }: BatcherParts,
  { writeHealth, onUnknownCommit, records }: AcceptHooks,
): Batcher<AcceptEntry, AcceptResult> {
  const shared = new SharedCommits(hot, counters, records);
  return new Batcher<AcceptEntry, AcceptResult>({
    whenUnavailable: "refuse",
    onUnknownCommit,
    namesOf: keysOf,
    bytesOf: ({ payload, exact }) => payload.byteLength + (exact?.sealed?.byteLength ?? 0),
    isAlone: hasFlowControl,
    commit: async (entries) => {
      const [first] = entries as readonly [AcceptEntry, ...AcceptEntry[]];
      const accept = hasFlowControl(first)
        ? async () => [await acceptWithFlowControl(hot, first)]
        : () => acceptTogether(hot, entries);
      // Another commit has just taken the key of this message. The next try finds that one.
      const raced = entries.length === 1 && keysOf(first).length > 0 ? isUnique : () => false;
      try {
        const accepting = () => trying(entries.at(-1)!.id, accept, raced);
        const results = (await shared.commit(entries)) ?? (await counters.timing("accepts", entries.length, accepting));
        writeHealth.committed();
        return results;
      } catch (error) {
        writeHealth.failed(toStoreError(error));
        throw error;
      }
    },
    onCommit: (entries, results) => {
      if (listener?.wanted === true)
        listener.committed(
          entries.filter((_, at) => results[at]!.kind === "stored"),
          [],
        );
    },
  });
}

/** Commits of messages together with outcomes. */
class SharedCommits {
  readonly #hot: Pool;
  readonly #counters: Counters;
  readonly #records: RecordBatcher;
  /** Until then, messages and outcomes get separate commits. */
  #apartUntil = 0;
  /** Time of the last commit of messages, which are assumed to arrive steadily. */
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(hot: Pool, counters: Counters, records: RecordBatcher) {
    this.#hot = hot;
    this.#counters = counters;
    this.#records = records;
  }

  /** Stores the messages together with outcomes that wait. Resolves with `null` if they must be stored without: nothing was stored. */
  async commit(entries: readonly AcceptEntry[]): Promise<readonly AcceptResult[] | null> {
    const now = performance.now();
    const nextMs = now - this.#lastAt;
    this.#lastAt = now;
    if (now < this.#apartUntil || !mayShareCommit(entries)) return null;
    const taken = this.#records.takeWaiting(nextMs, (waiting) => mayJoinMessages(waiting, isRare));
    if (taken === null) return null;
    try {
      return await this.#commitBoth(entries, taken);
    } catch (error) {
      taken.failed(error);
      if (isUnavailable(error)) throw error;
      this.#apartUntil = performance.now() + APART_MS;
      return null;
    }
  }

  async #commitBoth(
    entries: readonly AcceptEntry[],
    taken: TakenEntries<readonly Outcome[], Recorded>,
  ): Promise<readonly AcceptResult[]> {
    const outcomes = taken.entries.flat();
    const both = () => acceptAndRecord(this.#hot, entries, outcomes);
    const { accepted, recorded } = await this.#counters.timing("accepts", entries.length, both);
    this.#counters.records += outcomes.length;
    taken.committed(recorded);
    return accepted;
  }
}

/**
 * Each entry has the outcomes of one attempt: one, or those of a batch, which are committed together.
 *
 * @param onAnnounced An operational webhook was stored with an outcome.
 */
export function recordBatcher(
  { hot, listener, counters, trying }: BatcherParts,
  onAnnounced: () => void,
): RecordBatcher {
  const recording = new AnnouncingRecord();
  return new Batcher<readonly Outcome[], Recorded>({
    whenUnavailable: "keep",
    mayWait: ([first]) => first!.mayWait === true,
    namesOf: (outcomes) => outcomes.map((outcome) => nameOf(outcome)),
    bytesOf: (outcomes) => outcomes.reduce((bytes, { attempt }) => bytes + bytesOfAttempt(attempt), 0),
    // An entry with many outcomes would, together with others, exceed the size of a commit.
    isAlone: (outcomes) => outcomes.length >= LARGE_BATCH,
    commit: async (entries) => {
      const outcomes = entries.length === 1 ? entries[0]! : entries.flat();
      const newest = outcomes.reduce((key, { attempt }) => Math.max(key, attempt?.id ?? 0), 0);
      // After a broken connection, the attempts may have been stored by a commit whose result is unknown.
      let isRepeated = false;
      const record = () =>
        trying(
          newest,
          () => recording.record(hot, outcomes, isRepeated),
          (error) => {
            const isStored = isUnique(error) && !isRepeated;
            isRepeated ||= isStored;
            return isStored;
          },
        );
      const { results, announced } = await counters.timing("records", outcomes.length, record);
      if (announced) onAnnounced();
      // The outcomes of an entry have one lease.
      let at = 0;
      return entries.map(({ length }) => results[(at += length) - length]!);
    },
    onCommit: (entries, results) => {
      if (listener?.wanted === true) {
        listener.committed(
          [],
          entries.flatMap((outcomes, at) => (results[at] === "recorded" ? outcomes : [])),
        );
      }
    },
  });
}

/** Reads pages that are requested at the same time together, because a statement per lane would cost more than its result. */
export function pageBatcher(hot: Pool): Batcher<DueAsk, JobPage> {
  return new Batcher<DueAsk, JobPage>({
    whenUnavailable: "refuse",
    parallel: 1,
    namesOf: () => [],
    bytesOf: () => 0,
    commit: (asks) => duePages(hot, asks),
  });
}

function bytesOfAttempt(attempt: AttemptRecord | null): number {
  return attempt === null ? 0 : attempt.response.length + (attempt.detailJson?.length ?? 0);
}

function hasFlowControl({ flowControl }: AcceptEntry): boolean {
  return flowControl !== null && flowControl !== undefined;
}
