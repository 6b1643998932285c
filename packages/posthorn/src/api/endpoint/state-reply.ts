/** Response of the operations that show or change the delivery state of an endpoint. */
import type { OutsideContext } from "../../domain/context.ts";
import { UNLIMITED_PAUSE } from "../../domain/endpoint/flow.ts";
import type { EndpointRef } from "../../domain/endpoint/find.ts";
import { type EndpointState, endpointState } from "../../domain/endpoint/state.ts";
import { ok, type Reply } from "../reply.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

export async function stateReply(ctx: OutsideContext, input: EndpointRef): Promise<Reply> {
  return ok(stateOut(await endpointState({ ctx, input })));
}

function stateOut({
  state,
  reason,
  since,
  lane,
  failing,
  disabledAt,
  certificate,
  waiting,
  newestFirst,
  limits,
  blockers,
}: EndpointState): object {
  return {
    state,
    reason,
    since: dateTimeOrNull(since),
    pausedUntil: limits.pausedUntil === UNLIMITED_PAUSE ? "never" : dateTimeOrNull(limits.pausedUntil),
    nextProbeAt: dateTimeOrNull(lane?.breaker.nextProbeAt ?? null),
    failing:
      failing === null
        ? null
        : { since: dateTime(failing.since), failures: failing.failures, disabledAt: dateTimeOrNull(disabledAt) },
    certificateValidTo: dateTimeOrNull(certificate?.validTo ?? null),
    waiting: { ...waiting, oldestDue: dateTimeOrNull(waiting.oldestDue), newestFirst },
    blockers: blockers.map(({ messageId, due, passAt, ...blocker }) => ({
      msgId: messageId,
      ...blocker,
      nextAttempt: dateTime(due),
      passAt: dateTimeOrNull(passAt),
    })),
    inFlight: lane?.inFlight ?? 0,
    concurrency: { now: lane?.concurrency ?? null, max: limits.concurrency },
    rate: { perSecond: limits.rate, reducedPerSecond: lane?.reducedPerSecond ?? null },
    recentMs: lane?.recentMs ?? null,
  };
}
