/** Publishers that publish in their own transactions, and roll some of them back. */
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { Random } from "../random.ts";
import { queryPostgres } from "../disk.ts";
import type { Publication } from "./disorder.ts";

/** The product's own table: a transaction has committed if, and only if, its row exists. */
const TABLE = `
  CREATE TABLE chaos.published (
    id text PRIMARY KEY, key text NOT NULL, n int NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())`;
const PAUSE_MS = 200;
/** The longest pause between two transactions of a publisher. */
const MAX_PAUSE_MS = 300;
/** Percentage of transactions that are rolled back. */
const ROLLED_BACK = 25;

export class SqlPublishers {
  /** IDs of messages whose transaction the product rolled back. */
  readonly rolledBack = new Set<string>();
  /** When the response to the commit of a message arrived, by ID. */
  readonly #ended = new Map<string, number>();
  readonly #databaseUrl: string;
  readonly #app: string;
  readonly #random: Random;
  readonly #end = new AbortController();

  private constructor(databaseUrl: string, app: string, random: Random) {
    this.#databaseUrl = databaseUrl;
    this.#app = app;
    this.#random = random;
  }

  /** @param databaseUrl With the schema of the audit. */
  static async open(databaseUrl: string, app: string, random: Random): Promise<SqlPublishers> {
    await queryPostgres(databaseUrl, TABLE);
    return new SqlPublishers(databaseUrl, app, random);
  }

  /** Runs one transaction after the other, each with one to three messages of this ordering key, and continues after database failures. */
  async run(orderingKey: string): Promise<void> {
    for (let n = 0; !this.#end.signal.aborted;) {
      try {
        n = await this.#work(orderingKey, n);
      } catch {
        await delay(PAUSE_MS);
        n = await this.#next(orderingKey, n);
      }
    }
  }

  end(): void {
    this.#end.abort();
  }

  /** Committed messages, by ID. */
  async committed(): Promise<ReadonlyMap<string, Publication>> {
    const rows = await queryPostgres(this.#databaseUrl, "SELECT id, at FROM chaos.published");
    return new Map(
      rows.map(({ id, at }) => {
        const from = (at as Date).getTime();
        return [id as string, { by: "a transaction", from, until: this.#ended.get(id as string) ?? from }];
      }),
    );
  }

  async #work(orderingKey: string, from: number): Promise<number> {
    const client = new pg.Client({ connectionString: this.#databaseUrl, connectionTimeoutMillis: 5000 });
    client.on("error", () => undefined);
    await client.connect();
    try {
      for (let n = from; ; await delay(this.#random.below(MAX_PAUSE_MS))) {
        if (this.#end.signal.aborted) return n;
        n = await this.#transact(client, orderingKey, n);
      }
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async #transact(client: pg.Client, orderingKey: string, from: number): Promise<number> {
    const ids: string[] = [];
    await client.query("BEGIN");
    const messages = 1 + this.#random.below(3);
    for (let n = from; n < from + messages; n++) {
      const { rows } = await client.query<{ id: string }>(
        "SELECT posthorn.publish($1, 'chaos.test', $2::text, ordering_key => $3) AS id",
        [this.#app, JSON.stringify({ key: orderingKey, n }), orderingKey],
      );
      const id = rows[0]!.id;
      ids.push(id);
      await client.query("INSERT INTO chaos.published VALUES ($1, $2, $3)", [id, orderingKey, n]);
    }
    if (this.#random.below(100) < ROLLED_BACK) {
      await client.query("ROLLBACK");
      for (const id of ids) this.rolledBack.add(id);
      return from;
    }
    await client.query("COMMIT");
    for (const id of ids) this.#ended.set(id, Date.now());
    return from + messages;
  }

  /** A client whose connection broke does not know whether its last transaction committed: its table does. */
  async #next(orderingKey: string, known: number): Promise<number> {
    for (;;) {
      try {
        const sql = "SELECT coalesce(max(n) + 1, 0) AS next FROM chaos.published WHERE key = $1";
        const [row] = await queryPostgres(this.#databaseUrl, sql, [orderingKey]);
        return Math.max(known, Number(row!["next"]));
      } catch {
        await delay(PAUSE_MS);
      }
    }
  }
}
