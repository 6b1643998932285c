/**
 * Error codes of every failure Posthorn reports. Codes are stable; messages may change. They are grouped by what the caller can do about
 * the error, not by where it occurs.
 */
export type PosthornErrorCode =
  // The request is invalid and must be changed.
  | "bad_request"
  | "validation"
  | "egress_not_allowed"
  | "invalid_range"
  | "limit_reached"
  | "missing_payload"
  | "message_body_destroyed"
  | "message_expired"
  | "no_example"
  | "endpoint_disabled"
  | "authentication_failed"
  | "bad_token"
  | "insufficient access"
  | "identity_refused"
  | "passkeys_unavailable"
  | "separate_origin_required"
  | "not_found"
  | "not_supported"
  | "request_timeout"
  | "conflict"
  | "event_type_exists"
  | "source_secret_invalid"
  | "source_setting_missing"
  | "signing_key_unavailable"
  | "wrong_origin"
  | "sign_in_failed"
  | "second_factor_failed"
  | "second_factor_required"
  | "link_invalid"
  | "cross_origin"
  | "payload_too_large"
  | "cursor_expired"
  | "listener_connected"
  | "too_many_listeners"
  | "backlog_full"
  | "too_many_requests"
  | "too_many_sign_ins"
  | "sign_in_busy"
  | "dry_runs_busy"
  | "too_many_streams"
  | "diagnosis_running"
  | "too_many_organisation_streams"
  | "too_many_application_streams"
  // The server cannot process the request now; it can be retried later.
  | "identity_provider_failed"
  | "transforms_busy"
  | "storage_full"
  | "storage_corrupt"
  | "storage_failed"
  | "storage_unavailable"
  | "shard_lost"
  | "internal_error"
  // The host application of an embedded Posthorn has already read the request body.
  | "body_consumed"
  // The process cannot start with its current settings or data.
  | "config_invalid"
  | "data_folder_in_use"
  | "encryption_key_unavailable"
  | "schema_too_new"
  | "schema_mismatch"
  | "copy_unfinished"
  | "restore_unfinished"
  // A command cannot be run; the message says why.
  | "copy_refused"
  | "backup_refused"
  | "backup_invalid"
  | "restore_refused";

const STATUS: Record<PosthornErrorCode, number> = {
  bad_request: 400,
  validation: 422,
  egress_not_allowed: 422,
  invalid_range: 400,
  limit_reached: 400,
  missing_payload: 400,
  message_body_destroyed: 400,
  message_expired: 400,
  no_example: 400,
  endpoint_disabled: 400,
  authentication_failed: 401,
  bad_token: 401,
  "insufficient access": 403,
  identity_refused: 403,
  passkeys_unavailable: 409,
  separate_origin_required: 403,
  not_found: 404,
  not_supported: 404,
  request_timeout: 408,
  conflict: 409,
  event_type_exists: 409,
  source_secret_invalid: 409,
  source_setting_missing: 409,
  signing_key_unavailable: 409,
  listener_connected: 409,
  cursor_expired: 410,
  payload_too_large: 413,
  wrong_origin: 421,
  // Not 401, because a client would then end its session.
  sign_in_failed: 403,
  second_factor_failed: 403,
  second_factor_required: 403,
  link_invalid: 403,
  cross_origin: 403,
  backlog_full: 429,
  too_many_requests: 429,
  too_many_sign_ins: 429,
  sign_in_busy: 429,
  dry_runs_busy: 429,
  too_many_streams: 429,
  too_many_listeners: 429,
  diagnosis_running: 429,
  too_many_organisation_streams: 429,
  too_many_application_streams: 429,
  identity_provider_failed: 424,
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
  // Retried by background tasks, which also call the service that has the root key.
  encryption_key_unavailable: 503,
  schema_too_new: 500,
  schema_mismatch: 500,
  copy_unfinished: 500,
  copy_refused: 500,
  restore_unfinished: 500,
  backup_refused: 500,
  backup_invalid: 500,
  restore_refused: 500,
};

/** Error for the person who sent the request or started the process. `message` is safe to show. */
export class PosthornError extends Error {
  override readonly name: string = "PosthornError";
  readonly code: PosthornErrorCode;

  constructor(code: PosthornErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** HTTP status of the error response. */
  get status(): number {
    return STATUS[this.code];
  }
}

/** One violated rule in a request: location, message and kind of rule. */
export interface ValidationIssue {
  /** Path to the value, beginning with `body`, `query` or `path`; list items as `[0]`. */
  readonly loc: readonly string[];
  readonly msg: string;
  readonly type: string;
}

/** The request is well-formed but violates one or more rules. */
export class ValidationError extends PosthornError {
  override readonly name = "ValidationError";
  readonly issues: readonly ValidationIssue[];

  /** `code`: a more specific code than `validation`, for callers that handle the case. */
  constructor(issues: readonly ValidationIssue[], options: ErrorOptions & { readonly code?: PosthornErrorCode } = {}) {
    super(
      options.code ?? "validation",
      issues.map((issue) => `${issue.loc.join(".")}: ${issue.msg}`).join("; "),
      options,
    );
    this.issues = issues;
  }
}

/** Creates a {@link ValidationError} for one rule, in the body unless `path` is a list. */
export function invalid(path: string | readonly string[], msg: string, type = "value_error"): ValidationError {
  const loc = typeof path === "string" ? ["body", path] : path;
  return new ValidationError([{ loc, msg, type }]);
}

/** The object does not exist or is not visible to this token. The message does not reveal which. */
export function notFound(what: string): PosthornError {
  return new PosthornError("not_found", `There is no such ${what}.`);
}
