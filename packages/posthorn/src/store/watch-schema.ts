/** Kysely types of the tables of watches. See migration 046. */

/** A durable condition on the messages of an application or source. */
export interface WatchTable {
  id: number;
  public_id: string;
  org_id: number;
  /** Application or source with the samples. */
  app_id: number;
  /** Application or source that receives the events. */
  target_id: number;
  uid: string | null;
  name: string;
  /** `null`: all. */
  event_types_json: string | null;
  /** Event type of the transitions, without the last part. */
  emit_type: string;
  /** `RuleJson` of `conditions`. */
  rule_json: string;
  /** Increases by 1 each time the rule changes. */
  version: number;
  /** Version since which keys are read as they are now. */
  keyed_since: number;
  paused: number;
  /** Counts the commits that moved the watch. */
  revision: number;
  cursor_key: number;
  cursor_late: number;
  key_count: number;
  samples: number;
  /** Samples without a readable value. */
  unreadable: number;
  /** Samples of new keys above the limits. */
  ignored: number;
  /** Since when new keys are ignored; `null`: they are not. */
  overflow_at: number | null;
  created_at: number;
  updated_at: number;
}

/** State of one key. */
export interface WatchKeyTable {
  watch_id: number;
  name: string;
  /** Index in `PHASES` of `conditions`. */
  phase: number;
  /** When a timer fires; `null`: there is none. */
  due: number | null;
  /** Serialised `KeyState` of `conditions`. */
  state: string;
}

/** The transition that a message reports. */
export interface WatchEventTable {
  message_id: number;
  watch_id: number;
  /** Name of the key. */
  name: string;
  version: number;
  /** Index in `EVENT_KINDS` of `domain/watch`. */
  kind: number;
  number: number;
  at: number;
  /** Number of chained watches that led to it, including this one. */
  depth: number;
}
