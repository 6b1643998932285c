/** Pauses, resumes and enables endpoints. */
import { invalid } from "../../lib/errors.ts";
import { keyAtTime } from "../../lib/id.ts";
import type { Application } from "../application/application.ts";
import { atomically, type Call, type Context } from "../context.ts";
import { announceEndpoint } from "../operational/operational.ts";
import type { Endpoint } from "./endpoint.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";
import { UNLIMITED_PAUSE, type Flow, flowJson, toFlow } from "./flow.ts";
import type { Tx } from "../../store/tx.ts";

/** Puts all deliveries on hold until `until` (Unix milliseconds), or until the endpoint is resumed if that is `null`. */
export function pauseEndpoint(call: Call<EndpointRef & { readonly until: number | null }>): Promise<void> {
  const { until } = call.input;
  if (until !== null && until <= call.ctx.services.now()) {
    throw invalid(
      "until",
      "The end of the pause must be in the future. Set a later time, or omit it to pause until you resume.",
    );
  }
  return change(call, (flow) => ({ ...flow, pausedUntil: until ?? UNLIMITED_PAUSE }));
}

/** Ends a pause, closes an open circuit, and ignores the time that the endpoint asked Posthorn to wait. */
export function resumeEndpoint(call: Call<EndpointRef>): Promise<void> {
  return change(call, (flow) => ({ ...flow, pausedUntil: null }));
}

/** What to do with the deliveries on hold when an endpoint is enabled. */
export type HeldChoice =
  /** All of them are sent, oldest first. */
  | { readonly kind: "replay" }
  /** All of them are sent, newest first, until the endpoint is disabled again. */
  | { readonly kind: "newest" }
  /** Deliveries of messages from this time on (Unix milliseconds) are sent; earlier ones are canceled. */
  | { readonly kind: "since"; readonly since: number }
  /** All of them are canceled. */
  | { readonly kind: "discard" };

/**
 * Enables an endpoint, ends its pause, and decides about deliveries on hold. Discarded deliveries are canceled when they are due;
 * manual attempts are still made.
 */
export function enableEndpoint(call: Call<EndpointRef & { readonly held: HeldChoice }>): Promise<void> {
  return change(call, (_flow, now) => {
    const { held } = call.input;
    const before = held.kind === "since" ? held.since : held.kind === "discard" ? now : null;
    if (before !== null && before > now) throw invalid("since", "The time must be in the past.");
    const discardUpTo = before === null ? null : keyAtTime(before) - 1;
    return { pausedUntil: null, discardUpTo, newestFirst: held.kind === "newest", enabled: true };
  });
}

type Change = (flow: Flow, now: number) => Flow & { readonly enabled?: true };

function change(call: Call<EndpointRef>, to: Change): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { application, endpoint } = await getEndpoint(ctx, input);
    const { tx } = ctx;
    const row = await tx.db
      .selectFrom("endpoint")
      .select("flow_json")
      .where("id", "=", endpoint.key)
      .executeTakeFirstOrThrow();
    const now = ctx.services.now();
    const { enabled, ...flow } = to(toFlow(row.flow_json), now);
    await tx.db
      .updateTable("endpoint")
      .set({ flow_json: flowJson(flow), updated_at: now })
      .where("id", "=", endpoint.key)
      .execute();
    if (enabled && endpoint.disabled) await clearDisabled(ctx, tx, application, endpoint);
    tx.signal({ kind: "application", key: application.key });
    // In both cases the lane is notified before it starts another attempt.
    tx.signal({ kind: flow.pausedUntil === null ? "try" : "wake", endpointId: endpoint.key });
  });
}

async function clearDisabled(ctx: Context, tx: Tx, application: Application, endpoint: Endpoint): Promise<void> {
  await tx.db
    .updateTable("endpoint")
    .set({ disabled: 0, disabled_json: null })
    .where("id", "=", endpoint.key)
    .execute();
  await announceEndpoint(ctx, tx, "endpoint.enabled", { application, endpoint }, { trigger: "manual" });
  tx.signal({ kind: "healthy", endpointId: endpoint.key });
}
