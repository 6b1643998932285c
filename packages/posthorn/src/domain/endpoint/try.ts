/** Tests the filter, transformation and format of an endpoint on one message without sending it. */
import { notFound } from "../../lib/errors.ts";
import type { OutsideCall } from "../context.ts";
import type { DirectoryEndpoint } from "../directory-endpoint.ts";
import {
  type RunFacts,
  buildRequest,
  type RequestResult,
  type RequestFailure,
  type OutgoingRequest,
} from "../delivery/outgoing-request.ts";
import { readSample, type Sample } from "../message/sample.ts";
import { readSection } from "../policy/set.ts";
import { explainOf, type Explanation } from "./explain-filter.ts";
import { readFilter } from "./filter.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";
import { checkVariables, getTransformation, transformsBusy } from "./transformation.ts";
import type { Transformation } from "../../transform/types.ts";

export interface TryMessage extends EndpointRef {
  readonly sample: Sample;
  /** JSON of a filter to use instead of the endpoint's own. */
  readonly filter: string | null;
  /** Code to use instead of the endpoint's own; `null`: no code. If absent, the endpoint's own code runs, even if disabled. */
  readonly code?: string | null;
  readonly variables: Readonly<Record<string, string>> | null;
  /** Overrides the format section of the policy. */
  readonly format: object;
}

export interface Tried {
  readonly match: Explanation;
  readonly outcome: "deliver" | "unmatched" | "cancel" | "fail";
  /** `null` if there is no code, or it did not run. */
  readonly run: RunFacts | null;
  /** The request that would be sent, without the headers added by signing; values that may be secrets are `null`. */
  readonly request: (Omit<OutgoingRequest, "headers"> & { readonly headers: readonly (string | null)[] }) | null;
  /** Whether the body differs from that of the message. */
  readonly differs: boolean;
  readonly error: Pick<RequestFailure, "code" | "message" | "line"> | null;
}

/**
 * Tests an endpoint on one message. A message that does not match is still transformed, so that the result can be inspected. The code
 * of the endpoint runs even if it is disabled.
 */
export async function tryMessage({ ctx, input }: OutsideCall<TryMessage>): Promise<Tried> {
  const filter = input.filter === null ? null : readFilter(input.filter);
  const format = readSection(ctx, "format", input.format);
  if (input.variables !== null) checkVariables(input.variables);
  const { application, endpoint } = await getEndpoint(ctx, input);
  const known = await ctx.services.directory.endpoint(endpoint.key);
  if (known === null) throw notFound("endpoint");
  const message = await readSample(ctx, application, input.sample);
  const match = explainOf(known, message, filter);
  const own = await getTransformation({ ctx, input });
  const settings = {
    ...known.requestSettings,
    transformation: transformationOf(input, own.transformation, ctx.services.now()),
    format: { ...known.policy.values.format, ...format },
  };
  const shaped = await buildRequest({ settings, message, transforms: ctx.services.transforms });
  return tryResult(known, match, shaped);
}

function transformationOf(
  { code, variables }: Pick<TryMessage, "code" | "variables">,
  own: Transformation | null,
  now: number,
): Transformation | null {
  const wanted = code === undefined ? (own?.code ?? null) : code;
  return wanted === null ? null : { code: wanted, variables: variables ?? own?.variables ?? {}, updatedAt: now };
}

function tryResult(endpoint: DirectoryEndpoint, match: Explanation, shaped: RequestResult): Tried {
  const base = { match, request: null, differs: false, error: null };
  switch (shaped.kind) {
    case "busy":
      throw transformsBusy();
    case "canceled":
      return { ...base, outcome: match.matched ? "cancel" : "unmatched", run: shaped.run };
    case "failed": {
      const { code, message, line, run } = shaped;
      return { ...base, outcome: match.matched ? "fail" : "unmatched", run, error: { code, message, line } };
    }
    case "request": {
      const { request, differs, run } = shaped;
      const outcome = match.matched ? "deliver" : "unmatched";
      return { ...base, outcome, run, differs, request: { ...request, headers: endpoint.masked(request.headers) } };
    }
  }
}
