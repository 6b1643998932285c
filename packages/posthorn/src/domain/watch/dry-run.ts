/** Tries a rule on stored messages. Writes nothing. */
import { readingsOf } from "../../conditions/readings.ts";
import type { RuleJson } from "../../conditions/schema.ts";
import type { KeyState } from "../../conditions/state.ts";
import { keyAtTime } from "../../lib/id.ts";
import type { OutsideCall } from "../context.ts";
import { getApplication } from "../application/find.ts";
import { messageColumns, toMessage } from "../message/message.ts";
import { type KeyTransition, WatchKeys } from "./key-run.ts";
import { loadSamples } from "./samples.ts";
import { requireRule } from "./save.ts";

export interface DryRun {
  readonly app: string;
  readonly rule: RuleJson;
  readonly eventTypes: readonly string[] | null;
  /** Newest messages to evaluate. */
  readonly limit: number;
  /** Only messages from this time on; `null`: of any age. */
  readonly since: number | null;
  /** Page of the values that are returned: 0 has the newest ones. */
  readonly valuePage: number;
}

export interface DryRunSample {
  readonly messageId: string;
  readonly timestamp: number;
  readonly key: string;
  readonly value: unknown;
}

export interface DryRunResult {
  readonly messages: number;
  readonly samples: number;
  readonly unreadable: number;
  readonly from: number | null;
  readonly to: number | null;
  readonly transitions: readonly (KeyTransition & { readonly messageId: string | null })[];
  /** One page of the values, oldest first, for a chart. */
  readonly values: readonly DryRunSample[];
  readonly valuePages: number;
  readonly keys: readonly { readonly name: string; readonly state: KeyState }[];
  /** Whether it ended before all messages were evaluated. */
  readonly isPartial: boolean;
}

/** Messages that one dry run may evaluate. */
export const MAX_DRY_RUN = 5000;
const AT_ONCE = 100;
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_MS = 2000;
const MAX_SHOWN = 1000;
/** Pages of values that can be asked for. */
export const MAX_VALUE_PAGES = 100;
const MAX_DRY_KEYS = 1000;

/** Runs the rule over the newest messages, oldest first. Timers fire up to now. */
export async function dryRun({ ctx, input }: OutsideCall<DryRun>): Promise<DryRunResult> {
  const { store, now } = ctx.services;
  const rule = requireRule(input.rule);
  const application = await getApplication(ctx, input.app);
  const found = await newestMessages({ ctx, input }, application.key);
  const room = Math.min(rule.maxKeys, MAX_DRY_KEYS);
  const keys = new WatchKeys({ watch: { version: 1, keyedSince: 1 }, rule, upSince: 0, room });
  const names = new Set<string>();
  const ids = new Map<number, string>();
  const values = new NewestValues(input.valuePage);
  const deadline = performance.now() + MAX_MS;
  let bytes = 0;
  let done = 0;
  for (let from = 0; from < found.length; from += AT_ONCE) {
    if (performance.now() > deadline || bytes > MAX_BYTES) break;
    const part = found.slice(from, from + AT_ONCE);
    for (const stored of await loadSamples(store.db, part)) {
      bytes += stored.sample.body.byteLength;
      done += 1;
      if (stored.watchKey !== null) continue;
      const read = readingsOf(rule, stored.sample);
      const { id: messageId, key, timestamp } = stored.message;
      ids.set(key, messageId);
      for (const { key: name, value } of read.readings) {
        names.add(name);
        values.push({ messageId, timestamp, key: name, value: shownValue(value) });
      }
      keys.apply(stored, read);
    }
  }
  const isPartial = done < found.length;
  const to = isPartial ? (found[done - 1]?.timestamp ?? null) : now();
  for (const name of names) if (to !== null) keys.tick(name, to);
  return {
    messages: done,
    samples: keys.samples,
    unreadable: keys.unreadable,
    from: found[0]?.timestamp ?? null,
    to,
    transitions: keys.transitions
      .toSorted((a, b) => a.transition.at - b.transition.at)
      .slice(-MAX_SHOWN)
      .map((one) => ({ ...one, messageId: messageIdOf(one, ids) })),
    values: values.page(),
    valuePages: values.pages,
    keys: keys
      .changes()
      .flatMap(({ name, state }) => (state === null ? [] : [{ name, state }]))
      .slice(0, MAX_SHOWN),
    isPartial,
  };
}

/** Keeps the values of a page, counted from the newest one, while values arrive from the oldest one on. */
class NewestValues {
  readonly #page: number;
  readonly #kept: DryRunSample[] = [];
  #count = 0;

  constructor(page: number) {
    this.#page = page;
  }

  push(value: DryRunSample): void {
    this.#count += 1;
    this.#kept.push(value);
    const needed = (this.#page + 1) * MAX_SHOWN;
    if (this.#kept.length >= 2 * needed) this.#kept.splice(0, this.#kept.length - needed);
  }

  get pages(): number {
    return Math.min(MAX_VALUE_PAGES, Math.ceil(this.#count / MAX_SHOWN));
  }

  page(): readonly DryRunSample[] {
    const end = this.#kept.length - this.#page * MAX_SHOWN;
    return end <= 0 ? [] : this.#kept.slice(Math.max(0, end - MAX_SHOWN), end);
  }
}

function messageIdOf({ transition }: KeyTransition, ids: ReadonlyMap<number, string>): string | null {
  return transition.message === null ? null : (ids.get(transition.message) ?? null);
}

function shownValue(value: unknown): unknown {
  if (typeof value === "number" || typeof value === "boolean") return value;
  return typeof value === "string" ? value.slice(0, 200) : null;
}

async function newestMessages({ ctx, input }: OutsideCall<DryRun>, appKey: number) {
  const { eventTypes, limit, since } = input;
  const rows = await ctx.services.store.db
    .selectFrom("message")
    .select(messageColumns(false))
    .where("app_id", "=", appKey)
    .$if(eventTypes !== null, (query) => query.where("event_type", "in", eventTypes!))
    .$if(since !== null, (query) => query.where("id", ">=", keyAtTime(since!)))
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows.map(toMessage).toReversed();
}
