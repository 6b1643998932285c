/** Parameters and progress of a replay, which makes deliveries due again. */
import { invalid } from "../../lib/errors.ts";
import { keyAfterTime, keyAtTime } from "../../lib/id.ts";
import type { Status, StatusWord } from "../delivery/delivery.ts";
import type { Task, TaskData } from "../task/task.ts";

/** Filter of a replay. A list that is `null` matches everything. */
export interface ReplayFilter {
  readonly eventTypes: readonly string[] | null;
  /** Messages with one of these channels. */
  readonly channels: readonly string[] | null;
  /** Messages with one of these tags. */
  readonly tags: readonly string[] | null;
  /** Statuses of deliveries. */
  readonly statuses: readonly Status[] | null;
  /** Status code classes of the last attempt: 100 … 500; 0 means no response. */
  readonly statusCodeClasses: readonly number[] | null;
  /** Deliveries with a failed attempt of one of these causes. */
  readonly failure: FailureFilter | null;
  /** Only these messages. */
  readonly messages: readonly MessageKey[] | null;
}

/** A message that a replay names. */
export interface MessageKey {
  readonly key: number;
  readonly id: string;
}

/** Failed attempts that select deliveries. */
export interface FailureFilter {
  /** Error codes of attempts; for an unsuccessful status, its number. */
  readonly causes: readonly string[];
  /** Key of the first attempt that counts. */
  readonly fromAttempt: number;
}

export const NO_FILTER: ReplayFilter = {
  eventTypes: null,
  channels: null,
  tags: null,
  statuses: null,
  statusCodeClasses: null,
  failure: null,
  messages: null,
};

/** Target of a replay: the endpoints of the deliveries, another endpoint, or a URL without an endpoint. */
export type ReplayTarget =
  | { readonly kind: "same" }
  | { readonly kind: "endpoint"; readonly endpointId: string }
  /** `endpointId` is the hidden endpoint for the URL. Attempts are listed under it. */
  | { readonly kind: "url"; readonly url: string; readonly endpointId: string };

/**
 *     failing     deliveries that failed or are waiting for a retry
 *     missing     messages that match the endpoint and have no delivery to it
 *     deliveries  deliveries by filter
 *     messages    messages by filter, to a target other than their endpoints
 */
export type ReplayMode = "failing" | "missing" | "deliveries" | "messages";

/** Stored parameters of a replay. Keys are message keys, times are Unix milliseconds. */
export interface ReplayParams {
  readonly mode: ReplayMode;
  readonly since: number;
  readonly until: number;
  /** First and last message key. */
  readonly from: number;
  readonly to: number;
  readonly filter: ReplayFilter;
  /** Only deliveries of these endpoints; `null`: of all endpoints. */
  readonly endpoints: readonly { readonly key: number; readonly id: string }[] | null;
  readonly target: ReplayTarget;
  readonly newestFirst: boolean;
  /** Deliveries made due per second; `null`: as fast as the endpoints accept them. */
  readonly ratePerSecond: number | null;
  readonly reason: string;
  /** Endpoints of a replay across applications; absent: the replay is of one application. */
  readonly across?: EndpointQuery;
  /** Sends a subscriber what it missed: see `catch-up.ts`. */
  readonly isCatchUp?: true;
}

/** Which endpoints of the organisation a replay across applications covers. A list that is `null` matches all. */
export interface EndpointQuery {
  readonly apps: readonly { readonly key: number; readonly id: string }[] | null;
  /** Hosts of their URLs, in lower case, with the port unless it is the default. */
  readonly hosts: readonly string[] | null;
  /** Only endpoints that this incident affects; absent: all. */
  readonly incident?: { readonly key: number; readonly id: string } | null;
}

export interface ReplayCounts {
  /** Number of rows scanned. */
  readonly scanned: number;
  readonly matched: number;
  /** Matched, but the payload was deleted. */
  readonly payloadGone: number;
  /** Matched, but already due. */
  readonly alreadyDue: number;
  /** Excluded only because of their status. They match the rest of the filter. */
  readonly otherStatus: StatusCounts;
}

export type StatusCounts = Readonly<Record<StatusWord, number>>;

export const NO_STATUSES: StatusCounts = { success: 0, pending: 0, fail: 0, sending: 0, canceled: 0 };

export const NO_COUNTS: ReplayCounts = {
  scanned: 0,
  matched: 0,
  payloadGone: 0,
  alreadyDue: 0,
  otherStatus: NO_STATUSES,
};

export function addReplayCounts(one: ReplayCounts, other: ReplayCounts): ReplayCounts {
  return {
    scanned: one.scanned + other.scanned,
    matched: one.matched + other.matched,
    payloadGone: one.payloadGone + other.payloadGone,
    alreadyDue: one.alreadyDue + other.alreadyDue,
    otherStatus: addStatuses(one.otherStatus, other.otherStatus),
  };
}

function addStatuses(one: StatusCounts, other: StatusCounts): StatusCounts {
  return {
    success: one.success + other.success,
    pending: one.pending + other.pending,
    fail: one.fail + other.fail,
    sending: one.sending + other.sending,
    canceled: one.canceled + other.canceled,
  };
}

/** Stored progress. */
export interface ReplayData extends TaskData, ReplayCounts {
  /** Endpoint that was last processed. */
  readonly lastPart: number;
  /** Start of the time for which the rate allows further deliveries. */
  readonly budgetFrom: number;
  /** Unix milliseconds: since when every endpoint has had enough due deliveries; `null` if one accepts more. */
  readonly waitingSince: number | null;
  readonly pausedAt: number | null;
  readonly pausedMs: number;
  /** Across applications: the endpoint up to which the endpoints were selected; `null`: all were. */
  readonly selectedUpTo: number | null;
}

export function newReplayData(now: number): ReplayData {
  return {
    ...NO_COUNTS,
    messagesSent: 0,
    lastPart: 0,
    budgetFrom: now,
    waitingSince: null,
    pausedAt: null,
    pausedMs: 0,
    selectedUpTo: null,
  };
}

export function paramsOf(task: Task): ReplayParams {
  // Tasks from versions without filters only have a window.
  const mode = task.kind === "endpoint.replay" ? "missing" : "failing";
  const params = task.params as Pick<ReplayParams, "from" | "to"> & Partial<ReplayParams>;
  return { ...OLD_PARAMS, mode, ...params, filter: { ...NO_FILTER, ...params.filter } };
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

/** Converts a window of publishing times to message keys. */
export function keysOf({ since, until }: Window, now: number): Pick<ReplayParams, "since" | "until" | "from" | "to"> {
  const end = until ?? now;
  if (end < since) throw invalid("until", "The window must end after it starts.");
  return { since, until: end, from: keyAtTime(since), to: keyAfterTime(end) - 1 };
}

/** Narrows a window to the messages that the replay names, so that it does not scan the messages in between. */
export function withinMessages<Keys extends { readonly from: number; readonly to: number }>(
  window: Keys,
  messages: readonly MessageKey[] | null,
): Keys {
  if (messages === null) return window;
  const keys = messages.map(({ key }) => key);
  return { ...window, from: Math.max(window.from, Math.min(...keys)), to: Math.min(window.to, Math.max(...keys)) };
}

/** Initial cursor of a part: just before the first row in its order. */
export function firstCursor({ newestFirst, from, to }: Pick<ReplayParams, "newestFirst" | "from" | "to">): number {
  return newestFirst ? to + 1 : from - 1;
}
