/**
 * Every failure Posthorn reports has a code from one list. The code is stable; the sentence may improve.
 * Classes group by what the caller can do about it, not by where it happened.
 */
export type PosthornErrorCode =
  // The request is wrong; changing it helps.
  | "bad_request"
  | "validation"
  | "egress_not_allowed"
  | "invalid_range"
  | "limit_reached"
  | "missing_payload"
  | "message_expired"
  | "no_example"
  | "endpoint_disabled"
  | "authentication_failed"
  | "bad_token"
  | "insufficient access"
  | "separate_origin_required"
  | "not_found"
  | "not_supported"
  | "request_timeout"
  | "conflict"
  | "event_type_exists"
  | "wrong_origin"
  | "payload_too_large"
  | "too_many_streams"
  | "diagnosis_running"
  | "too_many_organisation_streams"
  | "too_many_application_streams"
  // The server cannot do it now; trying again later helps.
  | "transforms_busy"
  | "storage_full"
  | "storage_corrupt"
  | "storage_failed"
  | "storage_unavailable"
  | "shard_lost"
  | "internal_error"
  // The host of an embedded Posthorn took what it needs.
  | "body_consumed"
  // The process cannot start; changing its settings helps.
  | "config_invalid"
  | "data_folder_in_use"
  | "schema_too_new"
  | "schema_mismatch"
  | "copy_unfinished"
  // A command cannot do what it was asked for; the sentence says what is in the way.
  | "copy_refused";

const STATUS: Record<PosthornErrorCode, number> = {
  bad_request: 400,
  validation: 422,
  egress_not_allowed: 422,
  invalid_range: 400,
  limit_reached: 400,
  missing_payload: 400,
  message_expired: 400,
  no_example: 400,
  endpoint_disabled: 400,
  authentication_failed: 401,
  bad_token: 401,
  "insufficient access": 403,
  separate_origin_required: 403,
  not_found: 404,
  not_supported: 404,
  request_timeout: 408,
  conflict: 409,
  event_type_exists: 409,
  payload_too_large: 413,
  wrong_origin: 421,
  too_many_streams: 429,
  diagnosis_running: 429,
  too_many_organisation_streams: 429,
  too_many_application_streams: 429,
  transforms_busy: 503,
  storage_full: 503,
  storage_corrupt: 503,
  storage_failed: 503,
  storage_unavailable: 503,
  shard_lost: 503,
  internal_error: 500,
  body_consumed: 500,
  config_invalid: 500,
  data_folder_in_use: 500,
  schema_too_new: 500,
  schema_mismatch: 500,
  copy_unfinished: 500,
  copy_refused: 500,
};

/** An error that is meant for the person who made the request or started the process. `message` is safe to show. */
export class PosthornError extends Error {
  override readonly name: string = "PosthornError";
  readonly code: PosthornErrorCode;

  constructor(code: PosthornErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** The HTTP status this error answers with. */
  get status(): number {
    return STATUS[this.code];
  }
}

/** One broken rule in a request: where it is, what is wrong, and which kind of rule. */
export interface ValidationIssue {
  /** From the outside in, beginning with `body`, `query` or `path`; list items as `[0]`. */
  readonly loc: readonly string[];
  readonly msg: string;
  readonly type: string;
}

/** The request was understood and breaks one or more rules. */
export class ValidationError extends PosthornError {
  override readonly name = "ValidationError";
  readonly issues: readonly ValidationIssue[];

  /** `code`: a more exact one than `validation`, which callers can act on. */
  constructor(issues: readonly ValidationIssue[], options: ErrorOptions & { readonly code?: PosthornErrorCode } = {}) {
    super(
      options.code ?? "validation",
      issues.map((issue) => `${issue.loc.join(".")}: ${issue.msg}`).join("; "),
      options,
    );
    this.issues = issues;
  }
}

/** The usual case of {@link ValidationError}: one rule, in the body. */
export function invalid(path: string | readonly string[], msg: string, type = "value_error"): ValidationError {
  const loc = typeof path === "string" ? ["body", path] : path;
  return new ValidationError([{ loc, msg, type }]);
}

/** Nothing with that id is visible to this token. The sentence never says which of the two it is. */
export function notFound(what: string): PosthornError {
  return new PosthornError("not_found", `There is no such ${what}.`);
}
