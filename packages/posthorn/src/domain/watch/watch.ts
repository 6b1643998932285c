/** A watch: a durable condition on the messages of an application or source, which reports its transitions as messages. */
import type { Selectable } from "kysely";
import { compileRule } from "../../conditions/parse.ts";
import type { RuleJson } from "../../conditions/schema.ts";
import type { Phase, Rule, TransitionKind } from "../../conditions/types.ts";
import type { WatchTable } from "../../store/watch-schema.ts";
import type { Position } from "../feed/position.ts";

export interface Watch {
  readonly key: number;
  readonly id: string;
  readonly uid: string | null;
  readonly name: string;
  readonly appKey: number;
  /** Application that receives the events. */
  readonly targetKey: number;
  /** `null`: all. */
  readonly eventTypes: readonly string[] | null;
  readonly emitType: string;
  readonly rule: RuleJson;
  readonly version: number;
  readonly keyedSince: number;
  readonly isPaused: boolean;
  readonly revision: number;
  readonly cursor: Position;
  readonly keyCount: number;
  readonly samples: number;
  readonly unreadable: number;
  readonly ignored: number;
  readonly overflowAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type WatchRow = Selectable<WatchTable>;

export function toWatch(row: WatchRow): Watch {
  return {
    key: row.id,
    id: row.public_id,
    uid: row.uid,
    name: row.name,
    appKey: row.app_id,
    targetKey: row.target_id,
    eventTypes: row.event_types_json === null ? null : (JSON.parse(row.event_types_json) as string[]),
    emitType: row.emit_type,
    rule: JSON.parse(row.rule_json) as RuleJson,
    version: row.version,
    keyedSince: row.keyed_since,
    isPaused: row.paused === 1,
    revision: row.revision,
    cursor: { key: row.cursor_key, late: row.cursor_late },
    keyCount: row.key_count,
    samples: row.samples,
    unreadable: row.unreadable,
    ignored: row.ignored,
    overflowAt: row.overflow_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** In the order of their numbers in the database. */
export const PHASES: readonly Phase[] = ["clear", "pending", "raised", "clearing"];
/** In the order of their numbers in the database. `overflow`: new keys are ignored. */
export const EVENT_KINDS: readonly (TransitionKind | "overflow")[] = [
  "raised",
  "cleared",
  "reminded",
  "changed",
  "overflow",
];
export type WatchEventKind = (typeof EVENT_KINDS)[number];

/** Maximum number of chained watches: no watch evaluates the events of the last one. */
export const MAX_CHAIN = 4;

/**
 * Compiled rules by their JSON text. A key and a version would not identify a rule: several nodes with different
 * databases can run in one process, and their watches can have the same key.
 */
export class RuleCache {
  readonly #max = 1000;
  readonly #rules = new Map<string, Rule>();

  of({ rule }: Pick<Watch, "rule">): Rule {
    const text = JSON.stringify(rule);
    const known = this.#rules.get(text);
    if (known !== undefined) return known;
    const compiled = compileRule(rule);
    this.#rules.set(text, compiled);
    const [oldest] = this.#rules.keys();
    if (this.#rules.size > this.#max) this.#rules.delete(oldest!);
    return compiled;
  }
}
