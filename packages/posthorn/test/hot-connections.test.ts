/** Settings of the connections for hot statements, on PostgreSQL. */
import pg from "pg";
import { describe, expect, it } from "vitest";
import { clientConfig, Pool, withClient } from "../src/store/postgres/connections.ts";
import { borrowDatabase } from "./support/postgres.ts";
import { onPostgres } from "./support/store.ts";

describe.runIf(onPostgres)("connections for hot statements", () => {
  it("read what other transactions committed, even if the database has a stricter default", async () => {
    await using database = await borrowDatabase();
    const name = new URL(database.url).pathname.slice(1);
    const admin = new pg.Client(database.url);
    await admin.connect();
    try {
      await admin.query(`ALTER DATABASE "${name}" SET default_transaction_isolation = 'repeatable read'`);
      const levels = { hot: "read committed", lookups: "repeatable read" } as const;
      for (const use of ["hot", "lookups"] as const) {
        const client = new pg.Client(clientConfig({ url: database.url, use }));
        await client.connect();
        const { rows } = await client.query("SHOW transaction_isolation");
        await client.end();
        expect(rows).toEqual([{ transaction_isolation: levels[use] }]);
      }
    } finally {
      await admin.query(`ALTER DATABASE "${name}" RESET default_transaction_isolation`);
      await admin.end();
    }
  });

  it("compress large values with LZ4 if the server can, unless the database has a setting of its own", async () => {
    await using database = await borrowDatabase();
    const admin = new pg.Client(database.url);
    await admin.connect();
    const compressionOf = async (use: "hot" | "lookups"): Promise<unknown> => {
      const pool = new Pool({ url: database.url, use }, 1);
      try {
        const { rows } = await withClient(pool, (client) => client.query("SHOW default_toast_compression"));
        return rows[0].default_toast_compression;
      } finally {
        await pool.end();
      }
    };
    const name = new URL(database.url).pathname.slice(1);
    try {
      const { rows } = await admin.query(
        "SELECT 'lz4' = ANY(enumvals) AS has FROM pg_settings WHERE name = 'default_toast_compression'",
      );
      expect(await compressionOf("hot")).toBe(rows[0].has ? "lz4" : "pglz");
      expect(await compressionOf("lookups")).toBe("pglz");
      await admin.query(`ALTER DATABASE "${name}" SET default_toast_compression = 'pglz'`);
      expect(await compressionOf("hot")).toBe("pglz");
    } finally {
      await admin.query(`ALTER DATABASE "${name}" RESET default_toast_compression`);
      await admin.end();
    }
  });
});
