import { notFound } from "../../lib/errors.ts";
import { type Call, type Context, type OutsideCall, write } from "../context.ts";
import type { DirectoryEndpoint } from "../directory-endpoint.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";
import { requireVerifiable } from "./only-webhooks.ts";
import { offerCallback, saveVerification } from "./permission.ts";
import {
  type Grant,
  originOf,
  type Proof,
  toVerification,
  type OwnershipMethod,
  type Ownership,
} from "./verification.ts";

/** Result of a verification request, and the resulting state. */
export interface VerifyOutcome extends Ownership {
  /** Unix milliseconds; `null` if the endpoint is not verified. */
  readonly verifiedAt: number | null;
  /** Required verification method; `null` if none is required. */
  readonly required: OwnershipMethod | null;
  /** Until when the endpoint can grant permission with the callback URL that it got; `null`: it is verified, or got none. */
  readonly callbackUntil: number | null;
}

/** Returns the verification state without sending a request to the endpoint. */
export async function getVerification({ ctx, input }: Call<EndpointRef>): Promise<Grant> {
  const { endpoint } = await getEndpoint(ctx, input);
  const known = await ctx.services.directory.endpoint(endpoint.key);
  if (known === null) throw notFound("endpoint");
  return known.grant;
}

/** Codes of an endpoint that was reached and refused deliveries. */
const REFUSALS: ReadonlySet<string> = new Set(["refused", "origin_not_allowed", "challenge_mismatch"]);

/**
 * Sends the verification request and stores a confirmation: from then on deliveries are sent. A refusal ends a verification of the same
 * method; an unreachable endpoint keeps its state.
 */
export async function verifyEndpoint({
  ctx,
  input,
}: OutsideCall<EndpointRef & { readonly method: OwnershipMethod | null }>): Promise<VerifyOutcome> {
  const { endpoint } = await getEndpoint(ctx, input);
  requireVerifiable(endpoint, ["body", "method"]);
  const known = await ctx.services.directory.endpoint(endpoint.key);
  if (known === null) throw notFound("endpoint");
  const method = input.method ?? known.grant.required ?? "cloudevents";
  const askedAt = ctx.services.now();
  const callback = method === "cloudevents" ? await offerCallback(ctx, known) : null;
  const outcome = await ctx.services.ownership.ask(known, method, callback?.url ?? null);
  if (outcome.verified) {
    const at = ctx.services.now();
    const { requestOrigin, ratePerMinute } = outcome;
    await saveProof(ctx, known, { method, at, urlOrigin: originOf(known.url), requestOrigin, ratePerMinute }, askedAt);
  } else if (REFUSALS.has(outcome.code ?? "") && known.grant.proof?.method === method) {
    await saveProof(ctx, known, null, askedAt);
  }
  const { grant } = (await ctx.services.directory.endpoint(endpoint.key)) ?? known;
  const callbackUntil = outcome.verified ? null : (callback?.until ?? null);
  return { ...outcome, verifiedAt: grant.proof?.at ?? null, required: grant.required, callbackUntil };
}

async function saveProof(
  ctx: Context,
  { key }: DirectoryEndpoint,
  proof: Proof | null,
  askedAt: number,
): Promise<void> {
  await write(ctx, async (tx) => {
    const row = await tx.db
      .selectFrom("endpoint")
      .select(["app_id", "verification_json"])
      .where("id", "=", key)
      .executeTakeFirstOrThrow();
    const { required, permission } = toVerification(row.verification_json);
    // A receiver that grants permission through the callback withholds it in the response, which may arrive after the callback.
    if (proof === null && (permission?.grantedAt ?? 0) >= askedAt) return;
    // Once it has agreed in the response, the callback URL is not needed.
    const rest = proof === null && permission !== undefined ? { permission } : {};
    await saveVerification(tx, { key, appKey: row.app_id }, { required, proof, ...rest });
  });
}
