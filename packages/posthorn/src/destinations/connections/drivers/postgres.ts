import { isUtf8 } from "node:buffer";
import pg from "pg";
import type { POSTGRES } from "../../kinds/postgres.ts";
import type { ConfigOf, ItemResult, KindMessage } from "../../kind.ts";
import {
  type Caller,
  closed,
  type Driver,
  type FailedResult,
  later,
  type Link,
  quoted,
  refused,
  retry,
} from "../driver.ts";
import { codeOf } from "../failure.ts";
import { hostAndPort, tlsOptions } from "../tls.ts";

type Config = ConfigOf<typeof POSTGRES.fields>;

const STATEMENT_MS = 30_000;
const BUSY_MS = 10_000;

export const postgresDriver: Driver = {
  open: async (config, { signal, onDown }) => {
    const settings = config as Config;
    const url = new URL(settings.url);
    const { host, port } = hostAndPort(url, 5432);
    const password = settings.password ?? "";
    const client = new pg.Client({
      host,
      port,
      user: settings.username,
      // A function, so that the driver never looks for a password file.
      password: () => password,
      database: decodeURIComponent(url.pathname.slice(1)) || settings.username,
      ssl: settings.tls === "disable" ? false : tlsOptions(settings, host),
      application_name: "posthorn",
      statement_timeout: STATEMENT_MS,
      keepAlive: true,
    });
    let error: Error | null = null;
    client.on("error", (problem: Error) => {
      error ??= problem;
      onDown();
    });
    client.on("end", () => onDown());
    const destroy = (): void => void client.connection.stream.destroy();
    signal.addEventListener("abort", destroy, { once: true });
    try {
      await client.connect();
    } catch (problem) {
      destroy();
      throw problem;
    }
    try {
      return new PostgresLink(client, await tableOf(client, settings.tableName), destroy);
    } catch (problem) {
      destroy();
      throw problem;
    }
  },
  failure: postgresFailure,
};

class PostgresLink implements Link {
  readonly #client: pg.Client;
  readonly #table: Table;
  readonly #destroy: () => void;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(client: pg.Client, table: Table, destroy: () => void) {
    this.#client = client;
    this.#table = table;
    this.#destroy = destroy;
  }

  async send(message: KindMessage, caller: Caller): Promise<ItemResult> {
    const [result] = await this.sendAll([message], caller);
    return result!;
  }

  /** A session runs one statement at a time. The rows of one statement are stored together or not at all. */
  sendAll(messages: readonly KindMessage[], caller: Caller): Promise<readonly ItemResult[]> {
    const sent = this.#tail.then(() => {
      if (!caller.isWaiting) throw new Error("canceled");
      return this.#insert(messages);
    });
    this.#tail = sent.catch(() => undefined);
    return sent;
  }

  async #insert(messages: readonly KindMessage[]): Promise<readonly ItemResult[]> {
    const { insert, isBinary } = this.#table;
    const all = (result: ItemResult): readonly ItemResult[] => messages.map(() => result);
    const values: unknown[] = [];
    for (const { id, eventType, eventId, createdAt, contentType, attributes, body } of messages) {
      const bytes = Buffer.from(body);
      if (!isBinary && !isUtf8(bytes)) {
        const sentence = 'The payload is not UTF-8 text. Change the type of the column "payload" to bytea.';
        return all(refused("message_invalid", sentence));
      }
      const headers = JSON.stringify(Object.fromEntries(attributes));
      const time = new Date(createdAt).toISOString();
      values.push(id, eventType, eventId, time, contentType, headers, isBinary ? bytes : bytes.toString());
    }
    const { length } = messages;
    const query = { text: `${insert} VALUES ${rowsOf(length)} ON CONFLICT DO NOTHING`, values };
    try {
      const { rowCount } = await this.#client.query(length === 1 ? { ...query, name: "insert" } : query);
      // Which rows of several were there already is not known without the permission to read the table.
      const isDuplicate = rowCount === 0 ? { isDuplicate: true } : {};
      return messages.map(({ id }) => ({ kind: "ok", reference: id, ...isDuplicate }));
    } catch (error) {
      const result = error instanceof pg.DatabaseError ? postgresFailure(error) : null;
      // The session stays usable after an error of a statement.
      if (result !== null && !/^(?:08|57P)/.test(codeOf(error))) return all(result);
      throw error;
    }
  }

  close(): void {
    this.#destroy();
  }
}

interface Table {
  readonly insert: string;
  /** Whether the payload is stored as bytes, and not as text or JSON. */
  readonly isBinary: boolean;
}

async function tableOf(client: pg.Client, name: string): Promise<Table> {
  const identifier = name
    .split(".")
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join(".");
  const { rows } = await client.query<{ readonly type: string | null }>(PAYLOAD_TYPE, [identifier]);
  const [{ type } = { type: null }] = rows;
  // Without the column, the server explains what is missing when it inserts.
  return { insert: `INSERT INTO ${identifier} ${INSERT}`, isBinary: type === null || type === "bytea" };
}

const PAYLOAD_TYPE = `SELECT format_type(atttypid, NULL) AS type FROM pg_attribute
WHERE attrelid = to_regclass($1) AND attname = 'payload' AND NOT attisdropped`;
const COLUMNS = ["id", "event_type", "event_id", "created_at", "content_type", "headers", "payload"] as const;
const INSERT = `(${COLUMNS.join(", ")})`;

/** Placeholders of as many rows. */
function rowsOf(count: number): string {
  const row = (index: number): string =>
    COLUMNS.map((_, column) => `$${index * COLUMNS.length + column + 1}`).join(", ");
  return Array.from({ length: count }, (_, index) => `(${row(index)})`).join(", ");
}

function postgresFailure(error: unknown): FailedResult | null {
  if (!(error instanceof Error)) return null;
  const code = codeOf(error);
  const text = `${quoted(error.message)} (${code})`;
  if (!/^[0-9A-Z]{5}$/.test(code)) {
    return /does not support SSL/i.test(error.message)
      ? closed("connection_failed", "The server does not support TLS. Enable it there, or set TLS to disable.")
      : null;
  }
  if (code.startsWith("28"))
    return closed("credentials_refused", `PostgreSQL refused the credentials: ${text}. Check user name and password.`);
  switch (code) {
    case "42501":
      return closed(
        "credentials_refused",
        `PostgreSQL refused access: ${text}. Grant INSERT on the table to the role.`,
      );
    case "3D000":
      return closed("target_not_found", `The database does not exist: ${text}. Check the URL.`);
    case "42P01":
    case "3F000":
      return closed("target_not_found", `The table does not exist: ${text}. Create it as described in the setup.`);
    case "42703":
    case "42804":
      return closed(
        "target_not_found",
        `The table does not have the expected columns: ${text}. Create it as described in the setup.`,
      );
    case "53300":
    case "57P03":
      return later("target_unavailable", `PostgreSQL accepts no connections at the moment: ${text}.`, BUSY_MS);
    case "53100":
    case "53200":
      return later("target_unavailable", `PostgreSQL is out of resources: ${text}.`, BUSY_MS);
    case "25006":
      return retry("target_unavailable", `The server is a standby: ${text}. Enter the address of the primary.`);
  }
  if (code.startsWith("22") || code.startsWith("23")) {
    return refused(
      "message_invalid",
      `PostgreSQL refused the row: ${text}. Check the types and constraints of the table.`,
    );
  }
  if (code.startsWith("54")) return refused("message_too_large", `The row is larger than PostgreSQL accepts: ${text}.`);
  return retry("target_unavailable", `PostgreSQL did not store the row: ${text}.`);
}
