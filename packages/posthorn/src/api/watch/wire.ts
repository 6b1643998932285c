/** Converts watches between API fields and domain values. */
import type { RuleJson } from "../../conditions/schema.ts";
import type { Context } from "../../domain/context.ts";
import type { DryRunResult } from "../../domain/watch/dry-run.ts";
import { applicationsOf, phaseCounts, type PhaseCounts } from "../../domain/watch/find.ts";
import type { ExplainedKey, WatchKey, WatchTransition } from "../../domain/watch/keys.ts";
import type { WatchInput } from "../../domain/watch/save.ts";
import type { Watch } from "../../domain/watch/watch.ts";
import { recalled } from "../../conditions/values.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

interface Body {
  readonly name: string;
  readonly uid?: string | null;
  readonly eventTypes?: readonly string[] | null;
  readonly emit: { readonly type: string; readonly app?: string | null };
  readonly rule: RuleJson;
  readonly paused?: boolean;
}

export function watchInput({ name, uid = null, eventTypes = null, emit, rule, paused = false }: Body): WatchInput {
  return { name, uid, eventTypes, emitType: emit.type, emitApp: emit.app ?? null, rule, isPaused: paused };
}

/** The settings of a watch with some of them changed. */
export function patched(watch: Watch, changes: Partial<Body>): WatchInput {
  return {
    name: changes.name ?? watch.name,
    uid: changes.uid === undefined ? watch.uid : changes.uid,
    eventTypes: changes.eventTypes === undefined ? watch.eventTypes : changes.eventTypes,
    emitType: changes.emit?.type ?? watch.emitType,
    emitApp: changes.emit?.app ?? null,
    rule: changes.rule ?? watch.rule,
    isPaused: changes.paused ?? watch.isPaused,
  };
}

export async function watchesOut(ctx: Context, watches: readonly Watch[]): Promise<readonly object[]> {
  const [applications, phases] = await Promise.all([applicationsOf(ctx, watches), phaseCounts(ctx, watches)]);
  return watches.map((watch) => ({
    id: watch.id,
    uid: watch.uid,
    name: watch.name,
    app: applications.get(watch.appKey) ?? { id: "", name: "" },
    eventTypes: watch.eventTypes,
    emit: { type: watch.emitType, app: applications.get(watch.targetKey)?.id ?? "" },
    rule: watch.rule,
    version: watch.version,
    paused: watch.isPaused,
    keys: watch.keyCount,
    phases: phasesOut(watch, phases.get(watch.key)),
    samples: watch.samples,
    unreadable: watch.unreadable,
    ignored: watch.ignored,
    overflowSince: dateTimeOrNull(watch.overflowAt),
    createdAt: dateTime(watch.createdAt),
    updatedAt: dateTime(watch.updatedAt),
  }));
}

/** Keys that are neither pending, raised nor clearing are clear. */
function phasesOut({ keyCount }: Watch, counts: PhaseCounts = {}): object {
  const { pending = 0, raised = 0, clearing = 0 } = counts;
  return { clear: Math.max(0, keyCount - pending - raised - clearing), pending, raised, clearing };
}

export async function watchOut(ctx: Context, watch: Watch): Promise<object> {
  return (await watchesOut(ctx, [watch]))[0]!;
}

export function keyOut(key: WatchKey): object {
  return {
    key: key.name,
    phase: key.phase,
    value: key.value,
    since: dateTimeOrNull(key.since),
    raisedAt: dateTimeOrNull(key.raisedAt),
    lastSampleAt: dateTimeOrNull(key.seenAt),
    transitions: key.transitions,
    unreadable: key.unreadable,
    expected: key.expected,
    nextTimerAt: dateTimeOrNull(key.due),
    messageId: key.messageId,
  };
}

export function keyDetailOut(key: ExplainedKey): object {
  return { ...keyOut(key), explanation: key.explanation };
}

export function transitionOut({ key, kind, number, version, at, messageId }: WatchTransition): object {
  return { key, phase: kind, number, version, at: dateTime(at), messageId };
}

export function dryRunOut(result: DryRunResult): object {
  return {
    messages: result.messages,
    samples: result.samples,
    unreadable: result.unreadable,
    from: dateTimeOrNull(result.from),
    to: dateTimeOrNull(result.to),
    partial: result.isPartial,
    transitions: result.transitions.map(({ name, transition, messageId }) => ({
      key: name,
      phase: transition.kind,
      number: transition.number,
      at: dateTime(transition.at),
      since: dateTimeOrNull(transition.since),
      value: transition.value,
      messageId,
    })),
    values: result.values.map(({ messageId, timestamp, key, value }) => ({
      messageId,
      timestamp: dateTime(timestamp),
      key,
      value,
    })),
    valuePages: result.valuePages,
    keys: result.keys.map(({ name, state }) => ({
      key: name,
      phase: state.phase,
      value: recalled(state.last) ?? null,
    })),
  };
}
