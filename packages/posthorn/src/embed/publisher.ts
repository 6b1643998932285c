/** For a program that publishes and does nothing else: no node, no threads, no files. */
import { Pool, withClient } from "../store/postgres/connections.ts";
import { toStoreError } from "../store/postgres/errors.ts";
import { PosthornError } from "../lib/errors.ts";
import { type PublishOptions, publishedMessage, readMessage } from "./messages.ts";
import { publishOn } from "./publish.ts";
import type { MessageIn, MessageOut } from "./shapes.ts";
import { type SendStatement, statementsOn } from "./transaction.ts";

export interface PublisherOptions {
  /** As `postgres://user:password@host/database`; through a pooler if you like. Needed to publish without `tx`. */
  readonly databaseUrl?: string;
  /** Where several organisations have applications of one uid: whose they are. */
  readonly organisation?: string | null;
  /** Connections at most; opened when they are needed. */
  readonly connections?: number;
}

const CONNECTIONS = 4;

/**
 * Publishes to the PostgreSQL of a Posthorn that runs elsewhere. Its role needs the use of the schema `posthorn` alone.
 *
 * ```ts
 * await using posthorn = new PosthornPublisher({ databaseUrl });
 * await posthorn.message.create("acme", { eventType: "order.paid", payload: { order: 17 } });
 * ```
 */
export class PosthornPublisher implements AsyncDisposable {
  readonly message: {
    /** Resolves when the message is on disk, or with `tx` when it is part of that transaction. A node that runs then sends it. */
    create(appId: string, message: MessageIn, options?: PublishOptions): Promise<MessageOut>;
  };
  readonly #pool: Pool | null;

  constructor({ databaseUrl, organisation = null, connections = CONNECTIONS }: PublisherOptions = {}) {
    this.#pool =
      databaseUrl === undefined ? null : new Pool({ url: databaseUrl, use: "queries", pooled: true }, connections);
    this.message = {
      create: async (app, message, { tx, idempotencyKey = null } = {}) => {
        const send = tx === undefined ? this.#onPool() : statementsOn(tx);
        const { wire, publication } = readMessage(message);
        if (wire.application) {
          throw new PosthornError("not_supported", "A publisher makes no applications: leave out `application`.");
        }
        const id = await publishOn(send, { app, organisation, publication, idempotencyKey });
        return publishedMessage(id, publication);
      },
    };
  }

  /** Closes its connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool?.end();
  }

  #onPool(): SendStatement {
    const pool = this.#pool;
    if (pool === null) {
      throw new PosthornError("config_invalid", "This publisher has no databaseUrl: give it one, or give tx.");
    }
    return async (text, values) => {
      const { rows } = await withClient(pool, (client) => client.query(text, [...values])).catch((error: unknown) => {
        throw isOurs(error) ? error : toStoreError(error);
      });
      return rows;
    };
  }
}

/** Whether the function itself refused. */
function isOurs(error: unknown): boolean {
  return error instanceof Error && /^PH\d/.test(String((error as { code?: unknown }).code));
}
