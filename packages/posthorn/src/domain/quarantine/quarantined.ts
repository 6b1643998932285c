/** Quarantined request as shown. */
import type { Selectable } from "kysely";
import { timeOfKey } from "../../lib/id.ts";
import type { QuarantineTable } from "../../store/source-schema.ts";
import { type InboundRequest, shownRequest } from "../message/request.ts";

export interface Quarantined {
  readonly key: number;
  readonly id: string;
  /** Error code of `@posthorn/webhooks`, and its message. */
  readonly reason: string;
  readonly detail: string;
  /** Credentials are hidden. */
  readonly request: InboundRequest;
  readonly contentType: string;
  readonly bodyBytes: number;
  /** Whether the body was small enough to store. Without a body, the request cannot be released. */
  readonly bodyKept: boolean;
  /** Exact bytes, if requested. */
  readonly body: Uint8Array | null;
  /** Unix milliseconds. */
  readonly timestamp: number;
}

/** All columns but the body. */
export const QUARANTINE_COLUMNS = [
  "id",
  "public_id",
  "source_id",
  "reason",
  "detail",
  "request_json",
  "content_type",
  "body_bytes",
] as const;

export type QuarantineRow = Pick<Selectable<QuarantineTable>, (typeof QUARANTINE_COLUMNS)[number]> & {
  readonly body?: Uint8Array | null;
  /** 0 or 1. */
  readonly kept: number;
};

export function toQuarantined(row: QuarantineRow): Quarantined {
  return {
    key: row.id,
    id: row.public_id,
    reason: row.reason,
    detail: row.detail,
    request: shownRequest(row.request_json),
    contentType: row.content_type,
    bodyBytes: row.body_bytes,
    bodyKept: row.kept === 1,
    body: row.body ?? null,
    timestamp: timeOfKey(row.id),
  };
}
