import type { WebhookRequest } from "../request.ts";
import type { VerifyResult } from "../result.ts";
import type { StandardSecret } from "../standard/secret.ts";

/** Input of one verification: request, secrets and settings. The doctor changes these to undo likely mistakes. */
export interface Attempt {
  /** The request, as it arrived or with a mistake undone. */
  readonly request: WebhookRequest;
  /** The secrets to verify with. */
  readonly secrets: readonly StandardSecret[];
  /** Settings of the provider, such as the public URL. */
  readonly config: Readonly<Record<string, string | undefined>>;
}

/**
 * Verifies an attempt, with the scheme's tolerance or, when `anyTime` is true, without a time limit. Must not throw.
 */
export type Check = (attempt: Attempt, anyTime: boolean) => Promise<VerifyResult>;

/** Stable code of a {@link Finding}. `docs/webhooks/doctor.md` explains each one. */
export type FindingCode =
  // The clock.
  | "clock"
  // The secret.
  | "secret_whitespace"
  | "secret_newline"
  | "secret_quoted"
  | "secret_with_name"
  | "secret_escaped"
  | "secret_encoding"
  | "secret_prefix"
  | "secret_of_other_environment"
  | "secret_looks_wrong"
  // The body.
  | "body_newline"
  | "body_line_endings"
  | "body_whitespace"
  | "body_byte_order_mark"
  | "body_reserialised"
  | "body_form_reserialised"
  | "body_character_set"
  | "body_base64"
  | "body_quoted"
  | "body_emptied"
  | "body_too_deep"
  // The headers.
  | "header_names"
  | "header_family"
  | "header_quoted"
  | "signature_prefix"
  | "signature_encoding"
  // The URL.
  | "url_scheme"
  | "url_host"
  | "url_port"
  | "url_trailing_slash"
  | "url_query"
  | "url_encoding"
  | "url_of_request";

/** A mistake that the doctor found, explained for the person who configures the receiver. Safe to show and to log. */
export interface Finding {
  /** Stable code. */
  readonly code: FindingCode;
  /** What is wrong and how to fix it. Never contains a secret or a signature. */
  readonly message: string;
}

/** A likely mistake, undone: the attempt as it would be without the mistake. */
export interface Remedy extends Finding {
  readonly attempt: Attempt;
}

/** The attempt with another body. */
export function withBody(attempt: Attempt, body: Uint8Array): Attempt {
  return { ...attempt, request: { ...attempt.request, body } };
}
