/** Publisher for programs that only publish messages: no node, no threads, no files. */
import { Pool, withClient } from "../store/postgres/connections.ts";
import { toStoreError } from "../store/postgres/errors.ts";
import { PosthornError } from "../lib/errors.ts";
import { type PublishOptions, publishedMessage, readMessage } from "./messages.ts";
import { publishOn } from "./publish.ts";
import type { MessageIn, MessageOut } from "./types.ts";
import { type SendStatement, statementsOn } from "./transaction.ts";

export interface PublisherOptions {
  /** `postgres://user:password@host/database`; may point to a connection pooler. Required to publish without `tx`. */
  readonly databaseUrl?: string;
  /** Organisation of the applications; needed if several organisations have applications with the same uid. */
  readonly organisation?: string | null;
  /** Maximum connections, opened on demand. */
  readonly connections?: number;
}

const CONNECTIONS = 4;

/**
 * Publishes to the PostgreSQL database of a Posthorn that runs elsewhere. Its database role only needs USAGE on the schema `posthorn`.
 *
 * ```ts
 * await using posthorn = new PosthornPublisher({ databaseUrl });
 * await posthorn.message.create("acme", { eventType: "order.paid", payload: { order: 17 } });
 * ```
 */
export class PosthornPublisher implements AsyncDisposable {
  readonly message: {
    /** Resolves when the message is on disk or, with `tx`, when it is part of that transaction. A running node then sends it. */
    create(appId: string, message: MessageIn, options?: PublishOptions): Promise<MessageOut>;
  };
  readonly #pool: Pool | null;

  constructor({ databaseUrl, organisation = null, connections = CONNECTIONS }: PublisherOptions = {}) {
    this.#pool =
      databaseUrl === undefined ? null : new Pool({ url: databaseUrl, use: "queries", pooled: true }, connections);
    this.message = {
      create: async (app, message, { tx, idempotencyKey = null, traceparent = null } = {}) => {
        const send = tx === undefined ? this.#onPool() : statementsOn(tx);
        const { wire, publication } = readMessage(message);
        if (wire.application) {
          throw new PosthornError("not_supported", "A publisher cannot create applications: omit `application`.");
        }
        const id = await publishOn(send, { app, organisation, publication, idempotencyKey, traceparent });
        return publishedMessage(id, publication);
      },
    };
  }

  /** Closes the connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool?.end();
  }

  #onPool(): SendStatement {
    const pool = this.#pool;
    if (pool === null) {
      throw new PosthornError("config_invalid", "This publisher has no databaseUrl. Set databaseUrl, or pass tx.");
    }
    return async (text, values) => {
      const { rows } = await withClient(pool, (client) => client.query(text, [...values])).catch((error: unknown) => {
        throw isOurs(error) ? error : toStoreError(error);
      });
      return rows;
    };
  }
}

/** Whether the error was raised by the SQL function itself. */
function isOurs(error: unknown): boolean {
  return error instanceof Error && /^PH\d/.test(String((error as { code?: unknown }).code));
}
