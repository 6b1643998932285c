import type { Selectable } from "kysely";
import { invalid } from "../../lib/errors.ts";
import type { ApplicationTable } from "../../store/schema.ts";

/** A tenant of the sender. Times are Unix milliseconds. */
export interface Application {
  readonly key: number;
  readonly id: string;
  readonly uid: string | null;
  readonly name: string;
  readonly throttleRate: number | null;
  readonly metadata: Record<string, string>;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface ApplicationInput {
  readonly name: string;
  readonly uid: string | null;
  readonly throttleRate: number | null;
  readonly metadata: Record<string, string>;
}

export function toApplication(row: Selectable<ApplicationTable>): Application {
  return {
    key: row.id,
    id: row.public_id,
    uid: row.uid,
    name: row.name,
    throttleRate: row.throttle_rate,
    metadata: JSON.parse(row.metadata_json) as Record<string, string>,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

const MAX_METADATA_BYTES = 4096;

/** Serializes metadata. Throws a 422 above 4096 bytes. */
export function metadataJson(metadata: Record<string, string>): string {
  const json = JSON.stringify(metadata);
  if (Buffer.byteLength(json) > MAX_METADATA_BYTES) {
    throw invalid("metadata", `Metadata can have up to ${MAX_METADATA_BYTES} bytes as JSON.`);
  }
  return json;
}
