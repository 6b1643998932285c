/** What an endpoint proved of wanting deliveries, and what it gets until then. */
import type { VerificationValues } from "../policy/verification.ts";
import type { VerificationMethod } from "../policy/verification-method.ts";

/** As kept in `verification_json`. */
export interface Verification {
  /** What the platform asked of new endpoints when it was made. */
  readonly required: VerificationMethod | null;
  readonly proof: Proof | null;
}

export interface Proof {
  readonly method: VerificationMethod;
  /** Unix milliseconds. */
  readonly at: number;
  /** Scheme, host and port that were asked: it says nothing about others. */
  readonly urlOrigin: string;
  /** The name under which it was asked, which each delivery must carry as `Origin`; `null`: none. */
  readonly requestOrigin: string | null;
  /** Deliveries a minute that it granted; `null`: as many as there are. */
  readonly ratePerMinute: number | null;
}

const NOTHING: Verification = { required: null, proof: null };

export function toVerification(json: string | null): Verification {
  return json === null ? NOTHING : (JSON.parse(json) as Verification);
}

export function verificationJson({ required, proof }: Verification): string | null {
  return required === null && proof === null ? null : JSON.stringify({ required, proof });
}

/** What an endpoint may get. */
export interface Grant {
  /** How it must prove that it wants deliveries; `null`: it need not. */
  readonly required: VerificationMethod | null;
  /** The proof that counts; `null`: there is none. */
  readonly proof: Proof | null;
  /** Whether its deliveries are on hold. */
  readonly held: boolean;
  /** Deliveries a minute at most; `null`: no bound. */
  readonly perMinute: number | null;
}

export function grantOf({ required, proof }: Verification, policy: VerificationValues, url: string): Grant {
  const { mode, unverifiedPerMinute } = policy;
  const method = mode === "as-created" ? required : mode === "off" ? null : mode;
  const counts = proof !== null && proof.urlOrigin === originOf(url) && (method === null || proof.method === method);
  // What it granted holds, whether or not it had to be asked.
  if (counts) return { required: method, proof, held: false, perMinute: proof.ratePerMinute };
  if (method === null) return { required: null, proof: null, held: false, perMinute: null };
  if (unverifiedPerMinute === 0) return { required: method, proof: null, held: true, perMinute: null };
  return { required: method, proof: null, held: false, perMinute: unverifiedPerMinute };
}

export function originOf(url: string): string {
  return new URL(url).origin;
}

/** How an endpoint is asked whether it wants deliveries. */
export type OwnershipMethod = VerificationMethod;

export interface Ownership {
  readonly verified: boolean;
  /** The name under which it was asked, where the method has one. */
  readonly requestOrigin: string | null;
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
