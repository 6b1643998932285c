import { type CompiledFilter, preview } from "../../filter/compile.ts";
import type { FilterDocument } from "../../filter/document.ts";
import { FilterError } from "../../filter/types.ts";
import { notFound } from "../../lib/errors.ts";
import type { Call } from "../context.ts";
import { documentOf, type MatchableMessage, mismatchOf, type Mismatch, type MatchCriteria } from "../message/match.ts";
import { readSample, type Sample } from "../message/sample.ts";
import { readFilter } from "./filter.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";

/** Whether a message matches, and if not, why. */
export interface Explanation {
  readonly matched: boolean;
  readonly reason: Mismatch["reason"] | null;
  /** The first clause of the filter that did not match. */
  readonly clause: string | null;
  /** The value that the clause was compared with, as truncated JSON; `null` if there was none. */
  readonly found: string | null;
  readonly message: string;
}

export interface ExplainFilter {
  /** JSON of a filter to use instead of the endpoint's own. */
  readonly filter: string | null;
  readonly sample: Sample;
}

/** Explains whether a filter matches a message. */
export async function explainFilter({
  ctx,
  input,
}: Call<ExplainFilter & { readonly filter: string }>): Promise<Explanation> {
  const filter = readFilter(input.filter);
  return explain(filter, documentOf(await readSample(ctx, null, input.sample)));
}

/** Explains whether an endpoint matches a message by event types, channels and filter. Can test another filter instead of its own. */
export async function explainEndpointFilter({ ctx, input }: Call<EndpointRef & ExplainFilter>): Promise<Explanation> {
  const given = input.filter === null ? null : readFilter(input.filter);
  const { application, endpoint } = await getEndpoint(ctx, input);
  const known = await ctx.services.directory.endpoint(endpoint.key);
  if (known === null) throw notFound("endpoint");
  return explainOf(known, await readSample(ctx, application, input.sample), given);
}

/** Explains the match of a loaded message. `given`: a filter to use instead of the endpoint's own. */
export function explainOf(known: MatchCriteria, message: MatchableMessage, given: CompiledFilter | null): Explanation {
  const { eventTypes, channels } = known;
  const plain = mismatchOf({ eventTypes, channels, filtered: false, filter: null }, message, null);
  if (plain !== null) return explanationOf(plain, null);
  const filter = given ?? known.filter;
  return filter === null ? MATCHED : explain(filter, documentOf(message));
}

const MATCHED: Explanation = {
  matched: true,
  reason: null,
  clause: null,
  found: null,
  message: "The message matches.",
};

function explain(filter: CompiledFilter, document: FilterDocument): Explanation {
  try {
    const verdict = filter.explain(document.viewFor(filter));
    if (verdict.matched) return MATCHED;
    const found = verdict.found === undefined ? null : preview(verdict.found);
    return explanationOf({ reason: "filter", clause: verdict.clause }, found);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    return { ...MATCHED, matched: false, reason: "filter_error", message: error.message };
  }
}

/** Describes a mismatch. */
export function explanationOf(mismatch: Mismatch, found: string | null): Explanation {
  const { reason } = mismatch;
  const clause = reason === "filter" ? mismatch.clause : null;
  return { matched: false, reason, clause, found, message: sentenceOf(mismatch, found) };
}

function sentenceOf(mismatch: Mismatch, found: string | null): string {
  switch (mismatch.reason) {
    case "event_type":
      return "The endpoint does not subscribe to this event type.";
    case "channels":
      return "The message is in none of the endpoint's channels.";
    case "filter":
      return `The clause ${mismatch.clause} does not match: ${found === null ? "the message has no such value" : `found ${found}`}.`;
    case "filter_error":
      return FILTER_ERRORS[mismatch.code] ?? "The filter could not be evaluated on this message.";
  }
}

const FILTER_ERRORS: Readonly<Record<string, string>> = {
  not_json: "The filter uses the body, but the body is neither JSON nor a form.",
  too_deep: "The body is nested too deeply for a filter.",
  too_costly: "The filter takes too long on this message, or the body has too many values.",
  invalid_filter: "The filter can no longer be read. Save it again.",
};
