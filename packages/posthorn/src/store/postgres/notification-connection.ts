/** The one connection that a node keeps for itself: it hears on it what other nodes tell, says on it that it is there, and has its share of the lock. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { StoreError } from "../errors.ts";
import { isAway, toStoreError } from "./errors.ts";
import { LOCK, tryShareForSession } from "./locks.ts";
import type { Pulse } from "./health-probe.ts";

/** Where nodes tell each other what changed; so does SQL. */
export const CHANNEL = "posthorn";

const RETRY_MS = 500;
/** A copy that was killed has the lock until PostgreSQL sees that its connection is gone. */
const PATIENCE_MS = 5000;
const ASK_MS = 100;
/** An answer that takes longer means that nothing is heard either: short beside the leases that are kept on this connection. */
const ANSWER_MS = 2000;

export interface LinkOptions {
  /** Of the way to the database itself: a pooler would not pass on what is told. */
  readonly pulse: Pulse;
  readonly onMessage: (payload: string) => void;
  /** Told that nothing is heard from now on, and that it is again: what was told in between is lost. */
  readonly onHearing: (hears: boolean) => void;
  /** Told when somebody has the lock alone: this node must not go on. */
  readonly onLost: (error: Error) => void;
}

/** Keeps the connection: when it breaks it is opened again as soon as the database is back. */
export class Link implements AsyncDisposable {
  readonly #options: LinkOptions;
  /** Channel on which this node notifies itself: see `catchUp`. */
  readonly #echoChannel = `${CHANNEL}_${randomUUID().replaceAll("-", "")}`;
  /** Notifications to itself that have not arrived yet, by payload. */
  readonly #echoes = new Map<string, PromiseWithResolvers<void>>();
  #lastEcho = 0;
  #client: pg.Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** One question at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Throws `data_folder_in_use` when somebody has the lock alone. */
  static async open(options: LinkOptions): Promise<Link> {
    const link = new Link(options);
    await link.#open();
    return link;
  }

  /** Asks on this connection. One that does not answer in time is given up, and opened again. */
  query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<readonly Row[]> {
    const answer = this.#turn.then(() => this.#ask<Row>(text, values));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  /**
   * Resolves when every notification of a transaction that had committed before the call has been passed to `onMessage`: a commit can be
   * seen before its notification arrives. PostgreSQL delivers notifications in the order of the commits, so one that is sent now arrives
   * behind all of them.
   *
   * @param notify Sends one from another connection: PostgreSQL may keep it waiting, and this connection keeps the leases.
   */
  async catchUp(notify: (channel: string, payload: string) => Promise<unknown>): Promise<void> {
    if (this.#client === null) throw notHeard();
    const payload = String(++this.#lastEcho);
    const echo = Promise.withResolvers<void>();
    this.#echoes.set(payload, echo);
    try {
      await Promise.all([notify(this.#echoChannel, payload), echo.promise]);
    } finally {
      this.#echoes.delete(payload);
    }
  }

  async #ask<Row extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<readonly Row[]> {
    const client = this.#client;
    if (client === null) throw notHeard();
    try {
      return (await client.query<Row>(text, values)).rows;
    } catch (error) {
      // Whatever it was: a connection that is known to work is worth more than one that may.
      await this.#giveUp(client);
      if (isAway(error)) this.#options.pulse.failed(error);
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
    const { pulse, onMessage } = this.#options;
    const client = await pulse.open({ query_timeout: ANSWER_MS }).catch((error: unknown) => {
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
    client.once("end", () => void this.#giveUp(client));
  }

  async #share(client: pg.Client): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await tryShareForSession(client, LOCK.node))) {
      if (Date.now() > deadline) throw inUse();
      await delay(ASK_MS);
    }
  }

  async #giveUp(client: pg.Client): Promise<void> {
    if (this.#client !== client || this.#closed) return;
    this.#client = null;
    this.#refuseEchoes();
    this.#options.onHearing(false);
    this.#openLater();
    // With an answer outstanding it does not wait for one.
    await client.end().catch(() => undefined);
  }

  #refuseEchoes(): void {
    for (const { reject } of this.#echoes.values()) reject(notHeard());
  }

  #openLater(): void {
    this.#timer = setTimeout(() => void this.#openAgain(), RETRY_MS);
  }

  async #openAgain(): Promise<void> {
    try {
      await this.#options.pulse.whenHere();
      await this.#open();
      if (this.#client !== null) this.#options.onHearing(true);
    } catch (error) {
      if (error instanceof StoreError && error.code === "data_folder_in_use") this.#options.onLost(error);
      else if (!this.#closed) this.#openLater();
    }
  }
}

function notHeard(): StoreError {
  return new StoreError("storage_unavailable", "PostgreSQL does not answer; trying again.");
}

function inUse(): StoreError {
  return new StoreError(
    "data_folder_in_use",
    "Somebody works alone on this database, such as `posthorn copy`: wait until it is done, or give this node a database of its own.",
  );
}
