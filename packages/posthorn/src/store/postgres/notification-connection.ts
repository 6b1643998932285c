/** Connection that a node keeps open to receive notifications of other nodes, renew its membership, and hold its share of the node lock. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { StoreError } from "../errors.ts";
import { isUnavailable, toStoreError } from "./errors.ts";
import { LOCK, tryShareForSession } from "./locks.ts";
import type { HealthProbe } from "./health-probe.ts";

/** LISTEN channel of the signals between nodes. The `posthorn.publish` function of the database notifies on it too. */
export const CHANNEL = "posthorn";

const RETRY_MS = 500;
/** How long to wait for the lock. A `posthorn copy` that was killed holds it until PostgreSQL notices that its connection is gone. */
const LOCK_TIMEOUT_MS = 5000;
const LOCK_RETRY_MS = 100;
/** A query that takes longer means that notifications are down too. Short compared with the leases, which are renewed on this connection. */
const QUERY_TIMEOUT_MS = 2000;

export interface NotificationConnectionOptions {
  /** Probe of the direct connections: a pooler does not pass on notifications. */
  readonly probe: HealthProbe;
  readonly onMessage: (payload: string) => void;
  /** Called when notifications go down, and when they are up again. Those sent in between are lost. */
  readonly onNotificationState: (up: boolean) => void;
  /** Called when another process holds the node lock exclusively: this node must stop. */
  readonly onLost: (error: Error) => void;
}

/** Reopens the connection as soon as the database is available again. */
export class NotificationConnection implements AsyncDisposable {
  readonly #options: NotificationConnectionOptions;
  /** Channel on which this node notifies itself: see `catchUp`. */
  readonly #echoChannel = `${CHANNEL}_${randomUUID().replaceAll("-", "")}`;
  /** Notifications to itself that have not arrived yet, by payload. */
  readonly #echoes = new Map<string, PromiseWithResolvers<void>>();
  #lastEcho = 0;
  #client: pg.Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Queries run one at a time. */
  #lastQuery: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(options: NotificationConnectionOptions) {
    this.#options = options;
  }

  /** Throws `data_folder_in_use` when another process holds the node lock exclusively. */
  static async open(options: NotificationConnectionOptions): Promise<NotificationConnection> {
    const connection = new NotificationConnection(options);
    await connection.#open();
    return connection;
  }

  /**
   * Runs a query on this connection. If there is no response in time, the connection is dropped and opened again. With a `name`, PostgreSQL
   * parses and plans it once per connection.
   */
  query<Row extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<readonly Row[]> {
    const result = this.#lastQuery.then(() => this.#ask<Row>(query));
    this.#lastQuery = result.catch(() => undefined);
    return result;
  }

  /**
   * Resolves when every notification of a transaction that had committed before the call has been passed to `onMessage`: a commit can be
   * seen before its notification arrives. PostgreSQL delivers notifications in the order of the commits, so one that is sent now arrives
   * behind all of them.
   *
   * @param notify Sends one from another connection: PostgreSQL may keep it waiting, and this connection keeps the leases.
   */
  async catchUp(notify: (channel: string, payload: string) => Promise<unknown>): Promise<void> {
    if (this.#client === null) throw down();
    const payload = String(++this.#lastEcho);
    const echo = Promise.withResolvers<void>();
    this.#echoes.set(payload, echo);
    try {
      await Promise.all([notify(this.#echoChannel, payload), echo.promise]);
    } finally {
      this.#echoes.delete(payload);
    }
  }

  async #ask<Row extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<readonly Row[]> {
    const client = this.#client;
    if (client === null) throw down();
    try {
      return (await client.query<Row>(query)).rows;
    } catch (error) {
      // Regardless of the error, a new connection is known to work.
      await this.#disconnect(client);
      if (isUnavailable(error)) this.#options.probe.failed(error);
      throw toStoreError(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#refuseEchoes();
    await this.#client?.end();
  }

  async #open(): Promise<void> {
    const { probe, onMessage } = this.#options;
    const client = await probe.open({ query_timeout: QUERY_TIMEOUT_MS }).catch((error: unknown) => {
      throw toStoreError(error);
    });
    client.on("notification", ({ channel, payload }) => {
      if (channel === CHANNEL) onMessage(payload ?? "");
      else this.#echoes.get(payload ?? "")?.resolve();
    });
    try {
      await this.#share(client);
      await client.query(`LISTEN ${CHANNEL}; LISTEN ${this.#echoChannel}`);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw toStoreError(error);
    }
    if (this.#closed) {
      await client.end();
      return;
    }
    this.#client = client;
    client.once("end", () => void this.#disconnect(client));
  }

  async #share(client: pg.Client): Promise<void> {
    const deadline = Date.now() + LOCK_TIMEOUT_MS;
    while (!(await tryShareForSession(client, LOCK.node))) {
      if (Date.now() > deadline) throw inUse();
      await delay(LOCK_RETRY_MS);
    }
  }

  async #disconnect(client: pg.Client): Promise<void> {
    if (this.#client !== client || this.#closed) return;
    this.#client = null;
    this.#refuseEchoes();
    this.#options.onNotificationState(false);
    this.#openLater();
    // Does not wait for an outstanding response.
    await client.end().catch(() => undefined);
  }

  #refuseEchoes(): void {
    for (const { reject } of this.#echoes.values()) reject(down());
  }

  #openLater(): void {
    this.#timer = setTimeout(() => void this.#openAgain(), RETRY_MS);
  }

  async #openAgain(): Promise<void> {
    try {
      await this.#options.probe.whenAvailable();
      await this.#open();
      if (this.#client !== null) this.#options.onNotificationState(true);
    } catch (error) {
      if (error instanceof StoreError && error.code === "data_folder_in_use") this.#options.onLost(error);
      else if (!this.#closed) this.#openLater();
    }
  }
}

function down(): StoreError {
  return new StoreError("storage_unavailable", "PostgreSQL does not respond; trying again.");
}

function inUse(): StoreError {
  return new StoreError(
    "data_folder_in_use",
    "Another process, such as `posthorn copy`, has exclusive use of this database. Wait until it has finished, or use another database for this node.",
  );
}
