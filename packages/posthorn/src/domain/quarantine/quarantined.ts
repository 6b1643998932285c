/** A request that did not verify, as it is shown. */
import type { Selectable } from "kysely";
import { timeOfKey } from "../../lib/id.ts";
import type { QuarantineTable } from "../../store/source-schema.ts";
import { type InboundRequest, shownRequest } from "../message/request.ts";

export interface Quarantined {
  readonly key: number;
  readonly id: string;
  /** A code of `@posthorn/webhooks`, and its sentence. */
  readonly reason: string;
  readonly detail: string;
  /** Credentials in it are hidden. */
  readonly request: InboundRequest;
  readonly contentType: string;
  readonly bodyBytes: number;
  /** Whether the body was small enough to be kept, without which it cannot be released. */
  readonly bodyKept: boolean;
  /** The exact bytes, where they were asked for. */
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
