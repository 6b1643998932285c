import { timeOfKey } from "../../lib/id.ts";
import type { Message } from "../message/message.ts";

/** One attempt of a delivery. Times are Unix milliseconds. */
export interface Attempt {
  readonly key: number;
  readonly id: string;
  readonly messageId: string;
  readonly endpointId: string;
  readonly url: string;
  /** 0 success, 2 failure. */
  readonly status: number;
  /** 0 scheduled, 1 manual. */
  readonly triggerType: number;
  /** 0 when there was no response. */
  readonly responseCode: number;
  /** The response, truncated at a limit. After an expunge, a fixed word. If there was no response, a sentence with the reason. */
  readonly response: string;
  readonly durationMs: number;
  readonly errorCode: string | null;
  readonly timestamp: number;
  readonly message: Message | null;
}

export interface AttemptRow {
  id: number;
  public_id: string;
  message_public_id: string;
  endpoint_public_id: string;
  url: string;
  status: number;
  trigger_type: number;
  response_code: number;
  response: string;
  duration_ms: number;
  error_code: string | null;
}

export const ATTEMPT_COLUMNS = [
  "attempt.id",
  "attempt.public_id",
  "attempt.url",
  "attempt.status",
  "attempt.trigger_type",
  "attempt.response_code",
  "attempt.response",
  "attempt.duration_ms",
  "attempt.error_code",
  "message.public_id as message_public_id",
  "endpoint.public_id as endpoint_public_id",
] as const;

export function toAttempt(row: AttemptRow, message: Message | null = null): Attempt {
  return {
    key: row.id,
    id: row.public_id,
    messageId: row.message_public_id,
    endpointId: row.endpoint_public_id,
    url: row.url,
    status: row.status,
    triggerType: row.trigger_type,
    responseCode: row.response_code,
    response: row.response,
    durationMs: row.duration_ms,
    errorCode: row.error_code,
    timestamp: timeOfKey(row.id),
    message,
  };
}
