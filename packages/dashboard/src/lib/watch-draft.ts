/** Rules of watches as form fields, and back. Numbers stay text while they are edited, so that the server can name the invalid field. */
import type { components } from "../api/schema.ts";
import {
  type ConditionDraft,
  fromCondition,
  isConditionComplete,
  newCondition,
  numberOf,
  toCondition,
} from "./condition-draft.ts";

export type WatchRule = components["schemas"]["WatchRule"];

export const READ_FIELDS = ["value", "key", "items", "time"] as const;
export type ReadField = (typeof READ_FIELDS)[number];
export const DURATION_FIELDS = ["for", "hold", "remind", "forget"] as const;

export interface RuleDraft {
  readonly read: Readonly<Record<ReadField, string>>;
  readonly when: ConditionDraft;
  /** `null`: cleared when the condition no longer holds. */
  readonly until: ConditionDraft | null;
  readonly for: string;
  readonly times: string;
  readonly hold: string;
  readonly remind: string;
  readonly forget: string;
  readonly maxKeys: string;
  /** One key per line. */
  readonly expect: string;
}

export const EMPTY_RULE: RuleDraft = {
  read: { value: "", key: "", items: "", time: "" },
  when: newCondition("above"),
  until: null,
  for: "",
  times: "",
  hold: "",
  remind: "",
  forget: "",
  maxKeys: "",
  expect: "",
};

export function toRule(draft: RuleDraft): WatchRule {
  const { read, when, until, times, maxKeys } = draft;
  const selectors = READ_FIELDS.flatMap((name) => (read[name].trim() === "" ? [] : [[name, read[name].trim()]]));
  const durations = DURATION_FIELDS.flatMap((name) => (draft[name].trim() === "" ? [] : [[name, draft[name].trim()]]));
  const expect = draft.expect
    .split("\n")
    .map((key) => key.trim())
    .filter((key) => key !== "");
  return {
    ...(selectors.length === 0 ? {} : { read: Object.fromEntries(selectors) as object }),
    when: toCondition(when),
    ...(until === null ? {} : { until: toCondition(until) }),
    ...(Object.fromEntries(durations) as object),
    ...(times.trim() === "" ? {} : { times: numberOf(times) as number }),
    ...(expect.length === 0 ? {} : { expect }),
    ...(maxKeys.trim() === "" ? {} : { maxKeys: numberOf(maxKeys) as number }),
  };
}

/** The rule as form fields; `null` if it has parts that the form does not show. */
export function fromRule(rule: WatchRule): RuleDraft | null {
  const { read = {}, when, until, expect, times, maxKeys, ...rest } = rule;
  if (Object.keys(rest).some((name) => !(DURATION_FIELDS as readonly string[]).includes(name))) return null;
  const condition = fromCondition(when);
  const ending = until === undefined ? null : fromCondition(until);
  if (condition === null || (until !== undefined && ending === null)) return null;
  const { value = "", key = "", items = "", time = "" } = read;
  return {
    read: { value, key, items, time },
    when: condition,
    until: ending,
    for: rule.for ?? "",
    hold: rule.hold ?? "",
    remind: rule.remind ?? "",
    forget: rule.forget ?? "",
    times: times === undefined ? "" : String(times),
    maxKeys: maxKeys === undefined ? "" : String(maxKeys),
    expect: (expect ?? []).join("\n"),
  };
}

/** Whether every field that the conditions need has a value. Until then, no request is sent to the server. */
export function isComplete({ when, until }: RuleDraft): boolean {
  return isConditionComplete(when) && (until === null || isConditionComplete(until));
}
