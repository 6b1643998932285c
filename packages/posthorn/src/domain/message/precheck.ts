import { notFound } from "../../lib/errors.ts";
import { seesApplication } from "../access.ts";
import type { Call } from "../context.ts";
import type { DirectoryEndpoint } from "../directory-endpoint.ts";
import { explanationOf } from "../endpoint/explain-filter.ts";
import { documentOf, matchableEndpoints, mismatchOf, type MatchableMessage, type Mismatch } from "./match.ts";

export interface PrecheckMessage {
  /** Id or uid of the application. */
  readonly app: string;
  readonly message: Omit<MatchableMessage, "id" | "time" | "payload">;
  /** Without a payload, filters are not evaluated and count as matching. */
  readonly payload: Uint8Array | null;
}

export interface Precheck {
  readonly matched: number;
  readonly unmatched: number;
  /** The first 200 endpoints, matching ones first. */
  readonly endpoints: readonly PrecheckedEndpoint[];
}

export interface PrecheckedEndpoint {
  readonly endpointId: string;
  readonly matched: boolean;
  /** Whether the endpoint is disabled; if it matches, its deliveries would be on hold. */
  readonly disabled: boolean;
  readonly reason: Mismatch["reason"] | null;
  readonly clause: string | null;
  readonly message: string;
}

/** Maximum number of endpoints in the result. */
const MAX_SHOWN = 200;

/** Returns which endpoints would currently match a message, and why the others would not. Stores nothing. */
export async function precheckMessage({ ctx, input }: Call<PrecheckMessage>): Promise<Precheck> {
  const application = await ctx.services.directory.find(ctx.actor.orgId, input.app);
  if (application === null || !seesApplication(ctx.actor, application.key)) throw notFound("application");
  const { payload } = input;
  const message = { ...input.message, id: "", time: ctx.services.now(), payload: payload ?? new Uint8Array() };
  const document = documentOf(message);
  const matching: PrecheckedEndpoint[] = [];
  const others: PrecheckedEndpoint[] = [];
  for (const endpoint of matchableEndpoints(application)) {
    const mismatch = mismatchOf(endpoint, message, payload === null ? null : () => document);
    const list = mismatch === null ? matching : others;
    list.push(shownOf(endpoint, mismatch, payload));
  }
  const endpoints = [...matching, ...others].slice(0, MAX_SHOWN);
  return { matched: matching.length, unmatched: others.length, endpoints };
}

function shownOf(
  { id, disabled, filtered }: DirectoryEndpoint,
  mismatch: Mismatch | null,
  payload: Uint8Array | null,
): PrecheckedEndpoint {
  if (mismatch !== null) {
    const { reason, clause, message } = explanationOf(mismatch, null);
    return { endpointId: id, matched: false, disabled, reason, clause, message };
  }
  const unevaluated = filtered && payload === null ? " Its filter was not evaluated, because there is no payload." : "";
  const message = disabled
    ? "The endpoint matches, but it is disabled: the delivery would be on hold."
    : "The endpoint matches.";
  return { endpointId: id, matched: true, disabled, reason: null, clause: null, message: message + unevaluated };
}
