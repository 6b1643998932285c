import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type LabCertificate, startLab } from "@posthorn/egress/lab";
import { startPostgres } from "@posthorn/testkit";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { PostgresStore } from "../src/store/postgres/postgres-store.ts";
import { acceptEntry, onPostgres, temporaryFolder } from "./support/store.ts";

describe.runIf(onPostgres)("a database behind TLS", () => {
  it("is used only over TLS with a valid certificate, and rejected otherwise", async () => {
    await using lab = await startLab();
    using folder = temporaryFolder();
    const { ca, good, selfSigned, wrongName } = lab.certificates;
    const file = (name: string, { cert }: LabCertificate): string => {
      const path = join(folder.path, name);
      writeFileSync(path, cert);
      return path;
    };
    const trusting = (url: string, path: string): string => `${url}?sslmode=verify-full&sslrootcert=${path}`;

    {
      await using server = await startPostgres({ tls: good });
      await using store = await PostgresStore.open({ url: trusting(server.url, file("ca.pem", ca)) });
      expect(await store.accept(acceptEntry(1))).toMatchObject({ kind: "stored" });
      await store.ping();
      const { rows } = await sql<{ connections: number; plain: number }>`
        SELECT count(*) AS connections, count(*) FILTER (WHERE NOT ssl) AS plain
        FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'posthorn%'`.execute(store.db);
      expect(rows[0]).toMatchObject({ plain: 0 });
      expect(rows[0]!.connections).toBeGreaterThan(2);

      const strange = trusting(server.url, file("strange.pem", selfSigned));
      await expect(PostgresStore.open({ url: strange })).rejects.toThrow(/certificate/i);
    }
    await using server = await startPostgres({ tls: wrongName });
    await expect(PostgresStore.open({ url: trusting(server.url, file("ca.pem", ca)) })).rejects.toThrow(/altnames/i);
  });
});
