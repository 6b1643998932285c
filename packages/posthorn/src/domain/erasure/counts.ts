/** Counts of what a request has erased, or would erase, by place. */
export interface ErasureCounts {
  /** Stored messages that were examined. */
  readonly scanned: number;
  readonly messages: number;
  /** Examined messages whose body is neither JSON nor a form: they match if their text contains the value. */
  readonly unreadable: number;
  readonly attempts: number;
  /** Unfinished deliveries that were canceled. */
  readonly deliveries: number;
  /** Messages that were waiting in the outbox. */
  readonly outbox: number;
  readonly broadcasts: number;
  readonly quarantined: number;
  readonly watchKeys: number;
  readonly shareLinks: number;
  /** Stored responses to requests with an idempotency key. */
  readonly responses: number;
  /** Other rows: debounce state, inferred schemas, errors of sources. */
  readonly other: number;
}

export const NOTHING_ERASED: ErasureCounts = {
  scanned: 0,
  messages: 0,
  unreadable: 0,
  attempts: 0,
  deliveries: 0,
  outbox: 0,
  broadcasts: 0,
  quarantined: 0,
  watchKeys: 0,
  shareLinks: 0,
  responses: 0,
  other: 0,
};

export function addCounts(counts: ErasureCounts, more: Partial<ErasureCounts>): ErasureCounts {
  const sums: { -readonly [Name in keyof ErasureCounts]: number } = { ...counts };
  for (const name of NAMES) sums[name] += more[name] ?? 0;
  return sums;
}

const NAMES = Object.keys(NOTHING_ERASED) as readonly (keyof ErasureCounts)[];

/** Total of the rows that were found in places that are erased. */
export function foundIn({ scanned: _scanned, unreadable: _unreadable, ...found }: Partial<ErasureCounts>): number {
  return Object.values(found).reduce((sum, count) => sum + count, 0);
}
