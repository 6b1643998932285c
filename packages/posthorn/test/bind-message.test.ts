/** Parameters of hot statements in binary format, read by a real server. */
import { Socket } from "node:net";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { clientConfig, Pool, withClient } from "../src/store/postgres/connections.ts";
import { BindMessage, type Column } from "../src/store/postgres/hot/bind-message.ts";
import { runBatch } from "../src/store/postgres/hot/run-batch.ts";
import { borrowDatabase } from "./support/postgres.ts";
import { onPostgres } from "./support/store.ts";

interface Row {
  readonly id: number;
  readonly big: number | null;
  readonly small: number | null;
  readonly words: string | null;
}

const COLUMNS: readonly Column<Row>[] = [
  { column: "id", type: "bigint", of: ({ id }) => id },
  { column: "big", type: "bigint", of: ({ big }) => big },
  { column: "small", type: "int", of: ({ small }) => small },
  { column: "words", type: "text", of: ({ words }) => words },
];
const ROWS = {
  name: "rows",
  text: "SELECT id, big, small, words FROM unnest($1::bigint[], $2::bigint[], $3::int[], $4::text[]) AS u (id, big, small, words)",
};
const SCALARS = { name: "scalars", text: "SELECT $1::bigint AS number, $2::bytea AS bytes" };

async function withPool<T>(work: (pool: Pool) => Promise<T>): Promise<T> {
  await using database = await borrowDatabase();
  const pool = new Pool({ url: database.url, use: "hot" }, 2);
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

const readBack = (pool: Pool, rows: readonly Row[]): Promise<readonly Row[]> =>
  withClient(pool, (client) =>
    runBatch<Row>(client, { statement: ROWS, message: new BindMessage(ROWS.name, 4).arrays(rows, COLUMNS) }),
  );

describe.runIf(onPostgres)("parameters of a hot statement arrive at PostgreSQL", () => {
  it("with every integer and text unchanged, and NULLs where they were", async () => {
    const integers = [0, 1, -1, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 32, -(2 ** 32) - 1, Number.MAX_SAFE_INTEGER];
    const texts = ["", "a", '{"quoted"}', "\\", "NULL", "line\nfeed", "größer", "€", "😀", "x".repeat(300_000)];
    const rows = [
      ...integers.map((big, id): Row => ({ id, big, small: null, words: null })),
      ...[0, 7, -7, 2 ** 31 - 1, -(2 ** 31)].map((small, id): Row => ({ id, big: null, small, words: null })),
      ...texts.map((words, id): Row => ({ id, big: null, small: null, words })),
      { id: Number.MIN_SAFE_INTEGER, big: Number.MIN_SAFE_INTEGER, small: 1, words: "last" },
    ];
    await withPool(async (pool) => expect(await readBack(pool, rows)).toEqual(rows));
  });

  it("with a NULL in each row for a column without values, and without rows for empty arrays", async () => {
    const rows = [1, 2, 3].map((id): Row => ({ id, big: null, small: null, words: null }));
    await withPool(async (pool) => {
      expect(await readBack(pool, rows)).toEqual(rows);
      expect(await readBack(pool, [])).toEqual([]);
    });
  });

  it("with all bytes of all payloads", async () => {
    // Large ones are sent from where they are, between the others.
    const large = [16_384, 100_000, 3_000_000].map((bytes) => Buffer.alloc(bytes, `${bytes}`));
    const chunks = [
      Buffer.from([0, 255, 1]),
      Buffer.alloc(0),
      large[0]!,
      Buffer.alloc(16_383, 7),
      large[1]!,
      large[2]!,
    ];
    await withPool(async (pool) => {
      const message = new BindMessage(SCALARS.name, 2).bigint(-(2 ** 40)).concatenated(chunks);
      const [row] = await withClient(pool, (client) =>
        runBatch<{ number: number; bytes: Buffer }>(client, { statement: SCALARS, message }),
      );
      expect(row!.number).toBe(-(2 ** 40));
      expect(row!.bytes.equals(Buffer.concat(chunks))).toBe(true);
    });
  });

  it("unchanged while other statements, whose messages use the same memory, are sent on several connections", async () => {
    await withPool(async (pool) => {
      const batches = Array.from({ length: 60 }, (_, batch) =>
        Array.from({ length: 200 }, (__, id): Row => ({
          id,
          big: batch,
          small: null,
          words: `${batch}/${id}`.repeat(9),
        })),
      );
      const read = await Promise.all(batches.map((rows) => readBack(pool, rows)));
      expect(read).toEqual(batches);
    });
  });

  it("unchanged if the socket sends them only after those of other statements", async () => {
    await using database = await borrowDatabase();
    const socket = new Socket();
    const slow = new pg.Client({ ...clientConfig({ url: database.url, use: "hot" }), stream: () => socket });
    const other = new pg.Client(clientConfig({ url: database.url, use: "hot" }));
    await Promise.all([slow.connect(), other.connect()]);
    const send = (client: pg.Client, rows: readonly Row[]): Promise<readonly Row[]> =>
      runBatch<Row>(client, { statement: ROWS, message: new BindMessage(ROWS.name, 4).arrays(rows, COLUMNS) });
    const first = [{ id: 1, big: 1, small: 1, words: "first" }];
    const second = [{ id: 2, big: 2, small: 2, words: "other" }];
    socket.cork();
    const sent = send(slow, first);
    expect(socket.writableLength).toBeGreaterThan(0);
    expect(await send(other, second)).toEqual(second);
    socket.uncork();
    expect(await sent).toEqual(first);
    await Promise.all([slow.end(), other.end()]);
  });

  it("only if they are integers of their type", () => {
    for (const value of [Number.NaN, Infinity, 0.5, 2 ** 53]) {
      const row: Row = { id: 1, big: value, small: null, words: null };
      expect(() => new BindMessage("rows", 1).arrays([row], [COLUMNS[1]!])).toThrow("out of range");
    }
    for (const value of [Number.NaN, 0.5, 2 ** 31, -(2 ** 31) - 1]) {
      const row: Row = { id: 1, big: null, small: value, words: null };
      expect(() => new BindMessage("rows", 1).arrays([row], [COLUMNS[2]!])).toThrow("out of range");
    }
  });

  it("only if they are of the type of their column", () => {
    const [bigint, , int, text] = COLUMNS;
    const sent = (column: Column<Row> | undefined, value: string | number): unknown =>
      new BindMessage("rows", 1).arrays([{}], [{ column: "any", type: column!.type, of: () => value }]);
    expect(() => sent(text, 1_094_861_636)).toThrow("out of range");
    expect(() => sent(bigint, "12345678")).toThrow("out of range");
    expect(() => sent(int, "1234")).toThrow("out of range");
  });

  it("after a statement that the server refused, which rejects", async () => {
    await withPool(async (pool) => {
      const refused = { name: "refused", text: "SELECT 1 / count(*) FROM unnest($1::bigint[]) WHERE FALSE" };
      const message = new BindMessage(refused.name, 1).arrays([{ id: 1, big: 1, small: 1, words: "a" }], [COLUMNS[0]!]);
      await expect(withClient(pool, (client) => runBatch(client, { statement: refused, message }))).rejects.toThrow(
        "division by zero",
      );
      const rows: readonly Row[] = [{ id: 1, big: 2, small: 3, words: "four" }];
      expect(await readBack(pool, rows)).toEqual(rows);
    });
  });
});
