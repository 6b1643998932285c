/** Kysely types of the tables of statistics. */

/** Counts of a period. */
export interface CountColumns {
  messages: number;
  attempts_ok: number;
  attempts_failed: number;
  /** Deliveries whose first scheduled attempt succeeded. */
  first_try: number;
  /** Deliveries that succeeded after more than one scheduled attempt. */
  later: number;
  /** Deliveries that failed with all retries exhausted. */
  exhausted: number;
  /** Histogram of the delivery latency in milliseconds (see `domain/stats/histogram.ts`). */
  latency_json: string;
  /** Histogram of the duration of attempts in milliseconds. */
  duration_json: string;
}

/** Counts of one hour. Application 0 stands for the whole organisation, endpoint 0 for the whole application. */
export interface RollupTable extends CountColumns {
  org_id: number;
  app_id: number;
  endpoint_id: number;
  /** Hours since 1970. */
  hour: number;
}

/** Counts of one minute for a whole organisation. Kept for the most recent hours. */
export interface RollupMinuteTable extends CountColumns {
  org_id: number;
  /** Minutes since 1970. */
  minute: number;
}

export interface RollupCursorTable {
  source: string;
  last_id: number;
}
