/** Registry of all columns with values that are encrypted by `SecretBox`. Rotation of keys goes through it, so it must be complete. */
import type { Database } from "./schema.ts";

/** A column with encrypted values. */
export interface SealedColumn {
  readonly table: keyof Database;
  readonly column: string;
  /** Columns of the primary key, in whose order the rows are read. */
  readonly key: readonly string[];
  /** Columns whose values are part of the context, and bind a value to its row. They never change. */
  readonly row: readonly string[];
  /** `bytes`: the column is the value. `request`: JSON text of an inbound request, whose field `sealed` has the value in base64. */
  readonly form: "bytes" | "request";
  /** Values can be large, so that few are read at a time. */
  readonly isLarge?: true;
}

const ID = ["id"] as const;

function bytes<const Row extends readonly string[] = typeof ID>(
  table: keyof Database,
  column: string,
  row: Row = ID as unknown as Row,
  key: readonly string[] = row,
): Omit<SealedColumn, "row"> & { readonly row: Row } {
  return { table, column, key, row, form: "bytes" };
}

/** Every column with encrypted values: those named `*_sealed`, and JSON that contains such values. */
export const SEALED_COLUMNS = {
  "application.egress_sealed": bytes("application", "egress_sealed"),
  "endpoint.headers_sealed": bytes("endpoint", "headers_sealed"),
  "endpoint.egress_sealed": bytes("endpoint", "egress_sealed"),
  "endpoint.transformation_sealed": bytes("endpoint", "transformation_sealed"),
  "endpoint.config_sealed": bytes("endpoint", "config_sealed"),
  "endpoint_secret.secret_sealed": bytes("endpoint_secret", "secret_sealed", ["endpoint_id", "id"], ID),
  "source.config_sealed": bytes("source", "config_sealed"),
  "source_secret.secret_sealed": bytes("source_secret", "secret_sealed", ["source_id", "id"], ID),
  // Bound to its row by `hash`, which is compared with the token when it is opened.
  "source_token.token_sealed": bytes("source_token", "token_sealed", ["source_id"], ["hash"]),
  "source_backfill.token_sealed": bytes("source_backfill", "token_sealed", ["source_id"]),
  "auto_config.secret_sealed": bytes("auto_config", "secret_sealed"),
  "scoped_token.token_sealed": bytes("scoped_token", "token_sealed"),
  "websub_topic.token_sealed": bytes("websub_topic", "token_sealed"),
  "websub_request.detail_sealed": bytes("websub_request", "detail_sealed", ["topic_id", "id"], ID),
  "source_session.config_sealed": bytes("source_session", "config_sealed", ["source_id", "identity"]),
  "person.totp_sealed": bytes("person", "totp_sealed"),
  "person.totp_pending_sealed": bytes("person", "totp_pending_sealed"),
  "identity_provider.client_secret_sealed": bytes("identity_provider", "client_secret_sealed"),
  "person_session.id_token_sealed": bytes("person_session", "id_token_sealed"),
  "erasure.value_sealed": bytes("erasure", "value_sealed"),
  "erasure.hash_key_sealed": bytes("erasure", "hash_key_sealed"),
  // Rows with the same hash belong to the same idempotency key.
  "idempotency.body_sealed": bytes("idempotency", "body_sealed", ["hash"], ["bucket", "hash"]),
  "redaction_key.key_sealed": bytes("redaction_key", "key_sealed", ["org_id"]),
  "exact_body.body_sealed": { ...bytes("exact_body", "body_sealed", ["message_id"]), isLarge: true },
  "relay_frame.body_sealed": { ...bytes("relay_frame", "body_sealed"), isLarge: true },
  "quarantine.body_sealed": { ...bytes("quarantine", "body_sealed"), isLarge: true },
  "broadcast.payload_sealed": { ...bytes("broadcast", "payload_sealed", ["task_id"]), isLarge: true },
  "quarantine.request_json": { table: "quarantine", column: "request_json", key: ID, row: ID, form: "request" },
  "message.request_json": { table: "message", column: "request_json", key: ID, row: ["public_id"], form: "request" },
} as const satisfies Readonly<Record<string, SealedColumn>>;

export type SealedColumnName = keyof typeof SEALED_COLUMNS;

/** One value for each column that binds a value of this column to its row. */
type RowOf<Name extends SealedColumnName> = (typeof SEALED_COLUMNS)[Name]["row"] extends readonly [string, string]
  ? readonly [number | string, number | string]
  : readonly [number | string];

/**
 * The context of a value, which is authenticated when it is opened.
 *
 * @param row Values of the columns `row` of the registry.
 */
export function sealedIn<Name extends SealedColumnName>(name: Name, ...row: RowOf<Name>): string {
  return contextOf(name, row);
}

/** As `sealedIn`, for any column. */
export function contextOf(name: SealedColumnName, row: readonly (number | string)[]): string {
  let text: string = name;
  for (const value of row) text += ` ${value}`;
  return text;
}
