/** What a replay is: which deliveries are made due again, at which endpoints, how fast, and how far it got. */
import { invalid } from "../../lib/errors.ts";
import { keyAfterTime, keyAtTime } from "../../lib/id.ts";
import type { Status } from "../delivery/delivery.ts";
import type { Task, TaskData } from "../task/task.ts";

/** What is looked for. A list that is `null` lets everything through. */
export interface ReplayFilter {
  readonly eventTypes: readonly string[] | null;
  /** Messages that have one of these. */
  readonly channels: readonly string[] | null;
  /** Messages that have one of these. */
  readonly tags: readonly string[] | null;
  /** Where the delivery stands. */
  readonly statuses: readonly Status[] | null;
  /** 0, 100 … 500: the class of the status code that the last attempt got; 0 is no answer. */
  readonly statusCodeClasses: readonly number[] | null;
}

export const NO_FILTER: ReplayFilter = {
  eventTypes: null,
  channels: null,
  tags: null,
  statuses: null,
  statusCodeClasses: null,
};

/** Where it goes: to the endpoints that the deliveries are of, to another one, or to a URL that is no endpoint. */
export type ReplayTarget =
  | { readonly kind: "same" }
  | { readonly kind: "endpoint"; readonly endpointId: string }
  /** `endpointId` names the row that stands for the URL: attempts are found under it. */
  | { readonly kind: "url"; readonly url: string; readonly endpointId: string };

/**
 *     failing     deliveries that failed, or wait for a retry
 *     missing     messages that match the endpoint and have no delivery to it
 *     deliveries  deliveries by filter
 *     messages    messages by filter, to a target other than their endpoints
 */
export type ReplayMode = "failing" | "missing" | "deliveries" | "messages";

/** What was asked for, as stored. Keys are message keys, times Unix milliseconds. */
export interface ReplayParams {
  readonly mode: ReplayMode;
  readonly since: number;
  readonly until: number;
  /** First and last message key. */
  readonly from: number;
  readonly to: number;
  readonly filter: ReplayFilter;
  /** Deliveries of these endpoints alone; `null`: of all. */
  readonly endpoints: readonly { readonly key: number; readonly id: string }[] | null;
  readonly target: ReplayTarget;
  readonly newestFirst: boolean;
  /** Deliveries made due a second; `null`: as fast as the endpoints take them. */
  readonly ratePerSecond: number | null;
  readonly reason: string;
}

export interface ReplayCounts {
  /** Rows looked at. */
  readonly scanned: number;
  readonly matched: number;
  /** Matched, but the payload is gone. */
  readonly payloadGone: number;
  /** Matched, but due anyway: nothing to add. */
  readonly alreadyDue: number;
}

export const NO_COUNTS: ReplayCounts = { scanned: 0, matched: 0, payloadGone: 0, alreadyDue: 0 };

/** Progress, as stored. */
export interface ReplayData extends TaskData, ReplayCounts {
  /** The endpoint that had the last turn. */
  readonly lastPart: number;
  /** What the rate allows counts from here. */
  readonly paceFrom: number;
  /** Since when no endpoint has room, each having enough that is due, Unix milliseconds; `null`: one has. */
  readonly waitingSince: number | null;
  readonly pausedAt: number | null;
  readonly pausedMs: number;
}

export function newReplayData(now: number): ReplayData {
  return {
    ...NO_COUNTS,
    messagesSent: 0,
    lastPart: 0,
    paceFrom: now,
    waitingSince: null,
    pausedAt: null,
    pausedMs: 0,
  };
}

export function paramsOf(task: Task): ReplayParams {
  // A task of before there were filters has its window alone.
  const mode = task.kind === "endpoint.replay" ? "missing" : "failing";
  const params = task.params as Pick<ReplayParams, "from" | "to"> & Partial<ReplayParams>;
  return { ...OLD_PARAMS, mode, ...params };
}

const OLD_PARAMS = {
  since: 0,
  until: 0,
  filter: NO_FILTER,
  endpoints: null,
  target: { kind: "same" },
  newestFirst: false,
  ratePerSecond: null,
  reason: "",
} as const;

export function dataOf(task: Task): ReplayData {
  return { ...newReplayData(task.createdAt), ...task.data };
}

export interface Window {
  /** Unix milliseconds. */
  readonly since: number;
  /** Unix milliseconds; `null` for now. */
  readonly until: number | null;
}

/** The keys of a window of publishing times. */
export function keysOf({ since, until }: Window, now: number): Pick<ReplayParams, "since" | "until" | "from" | "to"> {
  const end = until ?? now;
  if (end < since) throw invalid("until", "The window must end after it starts.");
  return { since, until: end, from: keyAtTime(since), to: keyAfterTime(end) - 1 };
}

/** Where a part begins: beyond the first row in its order. */
export function firstCursor({ newestFirst, from, to }: Pick<ReplayParams, "newestFirst" | "from" | "to">): number {
  return newestFirst ? to + 1 : from - 1;
}
