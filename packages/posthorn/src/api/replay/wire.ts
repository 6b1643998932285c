/** Converts replays between API fields and domain values. */
import { callerNames } from "../../domain/auth/caller-names.ts";
import type { Static } from "typebox";
import { STATUS, type Status } from "../../domain/delivery/delivery.ts";
import type { Context } from "../../domain/context.ts";
import { type ReplayPart, replayProgress } from "../../domain/replay/list.ts";
import type { PlannedPart, ReplayPlan } from "../../domain/replay/plan.ts";
import type { AcrossRequest } from "../../domain/replay/across.ts";
import type { AcrossPlan } from "../../domain/replay/plan-across.ts";
import { dataOf, NO_FILTER, paramsOf, type ReplayCounts, type ReplayParams } from "../../domain/replay/replay.ts";
import type { ReplayRequest, TargetRequest } from "../../domain/replay/start.ts";
import type { Task } from "../../domain/task/task.ts";
import { invalid } from "../../lib/errors.ts";
import type { AcrossPlanIn } from "../models/replay-across.ts";
import type { ReplayPlanIn, ReplayTargetIn } from "../models/replay.ts";
import { dateTime, dateTimeOrNull, toMs } from "../wire.ts";

export function replayRequest(
  app: string,
  body: Static<typeof ReplayPlanIn>,
): Omit<ReplayRequest, "ratePerSecond" | "reason"> {
  return {
    app,
    since: Date.parse(body.since),
    until: toMs(body.until),
    filter: {
      ...NO_FILTER,
      eventTypes: body.eventTypes ?? null,
      channels: body.channels ?? null,
      tags: body.tags ?? null,
      statuses: body.statuses?.map((word) => STATUS[word]) ?? null,
      statusCodeClasses: body.statusCodeClasses ?? null,
    },
    messages: body.messages ?? null,
    endpoints: body.endpoints ?? null,
    target: targetOf(body.target ?? {}),
    newestFirst: body.order === "newest",
  };
}

/** Deliveries that have failed, or are waiting for a retry. */
const FAILING = [STATUS.fail, STATUS.sending] as const;

export function acrossRequest(body: Static<typeof AcrossPlanIn>): Omit<AcrossRequest, "ratePerSecond" | "reason"> {
  return {
    since: toMs(body.since),
    until: toMs(body.until),
    incident: body.incident ?? null,
    apps: body.apps ?? null,
    hosts: body.hosts ?? null,
    causes: body.causes ?? null,
    filter: {
      ...NO_FILTER,
      eventTypes: body.eventTypes ?? null,
      statuses: body.statuses?.map((word) => STATUS[word]) ?? FAILING,
    },
    messages: body.messages ?? null,
    newestFirst: body.order === "newest",
  };
}

function targetOf({ endpoint, url, secret, signAs, headers }: Static<typeof ReplayTargetIn>): TargetRequest {
  if (endpoint !== undefined && url !== undefined) {
    throw invalid(["body", "target", "url"], "Set either `endpoint` or `url`, not both.");
  }
  if (url !== undefined) {
    return { kind: "url", url, secret: secret ?? null, signAs: signAs ?? null, headers: headers ?? {} };
  }
  if (secret !== undefined || signAs !== undefined || headers !== undefined) {
    throw invalid(
      ["body", "target"],
      "`secret`, `signAs` and `headers` are only allowed with `url`: an endpoint has its own.",
    );
  }
  return endpoint === undefined ? { kind: "same" } : { kind: "endpoint", endpoint };
}

export async function replayOut(ctx: Context, task: Task): Promise<object> {
  const params = paramsOf(task);
  const data = dataOf(task);
  const names = await callerNames(ctx, [task.requestedBy]);
  return {
    id: task.id,
    task: task.kind,
    status: task.state,
    requestedBy: task.requestedBy,
    requestedByName: names.get(task.requestedBy) ?? null,
    reason: params.reason,
    createdAt: dateTime(task.createdAt),
    updatedAt: dateTime(task.updatedAt),
    endedAt: dateTimeOrNull(task.endedAt),
    error: data.error ?? null,
    parameters: parametersOut(params),
    progress: {
      ...countsOut(data),
      sent: data.messagesSent,
      ...(await replayProgress(ctx, task)),
      waiting: task.state === "running" && data.waitingSince !== null,
    },
  };
}

function parametersOut({ filter: { failure, ...filter }, target, across, ...params }: ReplayParams): object {
  return {
    apps: across?.apps?.map(({ id }) => id) ?? null,
    hosts: across?.hosts ?? null,
    causes: failure?.causes ?? null,
    incident: across?.incident?.id ?? null,
    since: dateTime(params.since),
    until: dateTime(params.until),
    ...filter,
    statuses: filter.statuses?.map(wordOf) ?? null,
    messages: filter.messages?.map(({ id }) => id) ?? null,
    endpoints: params.endpoints?.map(({ id }) => id) ?? null,
    target:
      target.kind === "same" ? null : { endpointId: target.endpointId, url: target.kind === "url" ? target.url : null },
    order: params.newestFirst ? "newest" : "oldest",
    ratePerSecond: params.ratePerSecond,
  };
}

function wordOf(status: Status): string {
  return Object.entries(STATUS).find(([, value]) => value === status)![0];
}

function countsOut({ scanned, matched, payloadGone, alreadyDue, otherStatus }: ReplayCounts): object {
  return { scanned, matched, skipped: { payloadGone, alreadyDue, otherStatus } };
}

export function replayPartOut(part: ReplayPart): object {
  const { endpointId, appId, appName, url, sent, done, endpointGone, scanned, matched } = part;
  const skipped = { payloadGone: part.payloadGone, alreadyDue: part.alreadyDue };
  return { endpointId, appId, appName, url, scanned, matched, skipped, sent, done, endpointGone };
}

export function acrossPlanOut(plan: AcrossPlan): object {
  const { toSend, endpointDisabled, exact, applications, endpoints, parts, otherStatus, ...counts } = plan;
  return {
    toSend,
    exact,
    applications,
    endpoints,
    scanned: counts.scanned,
    matched: counts.matched,
    skipped: { payloadGone: counts.payloadGone, alreadyDue: counts.alreadyDue, otherStatus, endpointDisabled },
    parts: parts.map(({ appId, appName, disabled, ...part }) => ({ ...plannedOut(part), appId, appName, disabled })),
  };
}

export function replayPlanOut({ parts, exact }: ReplayPlan): object {
  return { toSend: parts.reduce((sum, { toSend }) => sum + toSend, 0), exact, endpoints: parts.map(plannedOut) };
}

function plannedOut({ endpointId, url, toSend, exact, ...counts }: PlannedPart): object {
  return { endpointId, url, ...countsOut(counts), toSend, exact };
}
