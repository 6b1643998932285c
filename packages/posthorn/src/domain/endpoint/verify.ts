import { PosthornError } from "../../errors.ts";
import type { Call } from "../context.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";

/** How an endpoint is asked whether it wants deliveries. */
export type OwnershipMethod = "cloudevents" | "challenge";

export interface Ownership {
  readonly verified: boolean;
  /** Deliveries a minute that the endpoint grants; `null`: no limit, or not verified. */
  readonly ratePerMinute: number | null;
  /** Why it is not verified. */
  readonly code: string | null;
  readonly message: string | null;
  /** Status of its answer; `null`: there was none. */
  readonly responseStatusCode: number | null;
  /** Code of the cause when there was no answer, as of an attempt. */
  readonly errorCode: string | null;
}

/** Asks the endpoint now. Nothing is kept, and deliveries do not depend on it. */
export async function verifyEndpoint({
  ctx,
  input,
}: Call<EndpointRef & { readonly method: OwnershipMethod }>): Promise<Ownership> {
  const { endpoint } = await getEndpoint(ctx, input);
  const known = await ctx.services.directory.endpoint(endpoint.key);
  if (known === null) throw new PosthornError("not_found", "There is no such endpoint.");
  return ctx.services.ownership.ask(known, input.method);
}
