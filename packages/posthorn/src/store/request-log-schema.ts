/** Kysely types of the log of API requests. */
export interface ApiRequestTable {
  id: number;
  public_id: string;
  org_id: number;
  /** As in the audit log: `key`, `user`, `token`, `application` and others. */
  caller_kind: string;
  caller_id: string | null;
  method: string;
  /** Pattern of the path, such as `/api/v1/app/:app_id`. */
  route: string;
  /** ID of the operation, such as `v1.endpoint.patch`. */
  operation: string;
  status: number;
  error_code: string | null;
  duration_ms: number;
  /** `x-request-id` of the request. */
  client_request_id: string | null;
}
