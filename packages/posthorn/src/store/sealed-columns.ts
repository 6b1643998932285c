/** Registry of all columns with values that are encrypted by `SecretBox`. Rotation of keys goes through it, so it must be complete. */
import type { Database } from "./schema.ts";

/** A column with encrypted values. */
export interface SealedColumn {
  readonly table: keyof Database;
  readonly column: string;
  /** Columns of the primary key, in whose order the rows are read. */
  readonly key: readonly string[];
  /** Column whose value is part of the context, which binds a value to its row or to the owner of the row; `null`: none. */
  readonly row: string | null;
  /** `bytes`: the column is the value. `request`: JSON text of an inbound request, whose field `sealed` has the value in base64. */
  readonly form: "bytes" | "request";
}

const ID = ["id"] as const;

function bytes(table: keyof Database, column: string, row: string | null, key: readonly string[] = ID): SealedColumn {
  return { table, column, key, row, form: "bytes" };
}

/** Every column with encrypted values: those named `*_sealed`, and JSON that contains such values. */
export const SEALED_COLUMNS = {
  "application.egress_sealed": bytes("application", "egress_sealed", "id"),
  "endpoint.headers_sealed": bytes("endpoint", "headers_sealed", "id"),
  "endpoint.egress_sealed": bytes("endpoint", "egress_sealed", "id"),
  "endpoint.transformation_sealed": bytes("endpoint", "transformation_sealed", "id"),
  // Sealed before the row has a key.
  "endpoint.config_sealed": bytes("endpoint", "config_sealed", null),
  "endpoint_secret.secret_sealed": bytes("endpoint_secret", "secret_sealed", "endpoint_id"),
  // Sealed before the row has a key.
  "source.config_sealed": bytes("source", "config_sealed", null),
  "source_secret.secret_sealed": bytes("source_secret", "secret_sealed", "source_id"),
  "source_token.token_sealed": bytes("source_token", "token_sealed", "source_id", ["hash"]),
  "source_backfill.token_sealed": bytes("source_backfill", "token_sealed", "source_id", ["source_id"]),
  "auto_config.secret_sealed": bytes("auto_config", "secret_sealed", "id"),
  "scoped_token.token_sealed": bytes("scoped_token", "token_sealed", "id"),
  "websub_topic.token_sealed": bytes("websub_topic", "token_sealed", "id"),
  "websub_request.detail_sealed": bytes("websub_request", "detail_sealed", "topic_id"),
  "source_session.config_sealed": bytes("source_session", "config_sealed", "source_id", ["source_id", "identity"]),
  "person.totp_sealed": bytes("person", "totp_sealed", "id"),
  "person.totp_pending_sealed": bytes("person", "totp_pending_sealed", "id"),
  // Sealed before the rows have a key.
  "identity_provider.client_secret_sealed": bytes("identity_provider", "client_secret_sealed", null),
  "person_session.id_token_sealed": bytes("person_session", "id_token_sealed", null),
  "idempotency.body_sealed": bytes("idempotency", "body_sealed", "hash", ["bucket", "hash"]),
  "quarantine.request_json": { table: "quarantine", column: "request_json", key: ID, row: null, form: "request" },
  "message.request_json": { table: "message", column: "request_json", key: ID, row: null, form: "request" },
} as const satisfies Readonly<Record<string, SealedColumn>>;

export type SealedColumnName = keyof typeof SEALED_COLUMNS;

/** Context of the credentials of an inbound request, which is the same in `message` and in `quarantine`. */
export const REQUEST_CONTEXT = "request";

/**
 * The context of a value, which is authenticated when it is opened.
 *
 * @param row Value of the column `row` of the registry, if it names one.
 */
export function sealedIn(name: SealedColumnName, row: number | string | null = null): string {
  if (SEALED_COLUMNS[name].form === "request") return REQUEST_CONTEXT;
  return row === null ? name : `${name} ${row}`;
}
