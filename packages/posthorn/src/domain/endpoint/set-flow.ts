/** Pausing an endpoint, letting it go on, and switching it on again with what was held. */
import { invalid } from "../../lib/errors.ts";
import { keyAtTime } from "../../lib/id.ts";
import type { Application } from "../application/application.ts";
import { atomically, type Call, type Context } from "../context.ts";
import { announceEndpoint } from "../operational/operational.ts";
import type { Endpoint } from "./endpoint.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";
import { FOR_EVER, type Flow, flowJson, toFlow } from "./flow.ts";
import type { Tx } from "../../store/tx.ts";

/** Holds everything until `until` (Unix milliseconds), or until it is resumed when that is `null`. */
export function pauseEndpoint(call: Call<EndpointRef & { readonly until: number | null }>): Promise<void> {
  const { until } = call.input;
  if (until !== null && until <= call.ctx.services.now()) {
    throw invalid(
      "until",
      "The end of the pause must be in the future. Set a later time, or none to pause until you resume.",
    );
  }
  return change(call, (flow) => ({ ...flow, pausedUntil: until ?? FOR_EVER }));
}

/** Ends a pause, closes an open circuit, and ignores the time that the endpoint asked Posthorn to wait. */
export function resumeEndpoint(call: Call<EndpointRef>): Promise<void> {
  return change(call, (flow) => ({ ...flow, pausedUntil: null }));
}

/** What becomes of the deliveries that were held while an endpoint was off. */
export type HeldChoice =
  /** All of them go out, the oldest first. */
  | { readonly kind: "replay" }
  /** All of them are sent, newest first, until the endpoint is disabled again. */
  | { readonly kind: "newest" }
  /** Those of messages from this time on go out, Unix milliseconds; those before are canceled. */
  | { readonly kind: "since"; readonly since: number }
  /** None goes out: they are canceled. */
  | { readonly kind: "discard" };

/**
 * Switches an endpoint on, ends every pause of it, and says what becomes of what waits. Deliveries that are given up are canceled as
 * they come up; a manual attempt is still made.
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
    if (enabled && endpoint.disabled) await switchOn(ctx, tx, application, endpoint);
    tx.signal({ kind: "application", key: application.key });
    // Either way nothing begins before the lane knows of it.
    tx.signal({ kind: flow.pausedUntil === null ? "try" : "wake", endpointId: endpoint.key });
  });
}

async function switchOn(ctx: Context, tx: Tx, application: Application, endpoint: Endpoint): Promise<void> {
  await tx.db
    .updateTable("endpoint")
    .set({ disabled: 0, disabled_json: null })
    .where("id", "=", endpoint.key)
    .execute();
  await announceEndpoint(ctx, tx, "endpoint.enabled", { application, endpoint }, { trigger: "manual" });
  tx.signal({ kind: "healthy", endpointId: endpoint.key });
}
