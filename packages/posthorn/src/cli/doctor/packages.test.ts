import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { checkPackagesOfCluster, checkPackagesOfFile, packageFindings } from "./packages.ts";

const USES = [
  { kind: "kafka", shard: 1, endpoints: 1 },
  { kind: "kafka", shard: 2, endpoints: 1 },
  { kind: "mqtt", shard: 2, endpoints: 1 },
];
const noKafka = (kind: string): readonly string[] => (kind === "kafka" ? ["@platformatic/kafka@2"] : []);

/** Answers the statements of the check by the table that they read. */
function database(rows: Readonly<Record<string, readonly object[] | Error>>) {
  return (sql: string): Promise<readonly unknown[]> => {
    const [, table] = Object.entries(rows).find(([name]) => sql.includes(name)) ?? [];
    return table instanceof Error ? Promise.reject(table) : Promise.resolve(table ?? []);
  };
}

const MIGRATED = { to_regclass: [{ tables: 1, kinds: 1 }] };

describe("the check of packages", () => {
  it("names the package that endpoints need, and the command that installs it", () => {
    for (const isSent of [false, null]) {
      const findings = packageFindings(USES.slice(0, 2), () => isSent, noKafka);
      expect(findings).toEqual([
        {
          check: "packages",
          status: "warning",
          found: expect.stringMatching(
            /^2 Apache Kafka endpoints need @platformatic\/kafka@2, which is not installed here\.$/,
          ),
          fix: expect.stringMatching(/`npm i @platformatic\/kafka@2`.* deliveries to them are on hold\.$/),
        },
      ]);
    }
  });

  it("does not warn if another node sends to all endpoints, or no endpoint needs the package", () => {
    expect(packageFindings(USES, () => true, noKafka)).toMatchObject([{ status: "ok" }]);
    expect(packageFindings([USES[2]!], () => null, noKafka)).toMatchObject([{ status: "ok" }]);
  });

  it("counts the endpoints that no node sends to, whether the package is installed here or not", () => {
    const findings = packageFindings(USES, ({ shard }) => shard === 1, noKafka);
    expect(findings).toEqual([
      expect.objectContaining({
        status: "warning",
        fix: expect.stringContaining("deliveries to 1 of them are on hold"),
      }),
      expect.objectContaining({
        status: "warning",
        found: expect.stringMatching(/^Deliveries to 1 MQTT endpoint are on hold/),
      }),
    ]);
  });
});

describe("the check of packages in a cluster", () => {
  it("reports endpoints whose node cannot send to them, although another node has the package", async () => {
    const node = { leaseMs: 6000, draining: 0 };
    const check = (owner: number) =>
      checkPackagesOfCluster(
        database({
          ...MIGRATED,
          "posthorn.endpoint": [
            { kind: "webSub", shard: 2, endpoints: 3 },
            { kind: "sqs", shard: 2, endpoints: 1 },
          ],
          "posthorn.node": [
            { ...node, id: 1, kinds: '["sqs"]' },
            { ...node, id: 2, kinds: '["webSub"]' },
          ],
          "posthorn.shard": [{ shard: 2, nodeId: owner }],
        }),
      );
    expect(await check(1)).toMatchObject([{ status: "warning", found: expect.stringContaining("3 WebSub endpoints") }]);
    expect(await check(2)).toMatchObject([
      { status: "warning", found: expect.stringContaining("1 Amazon SQS endpoint") },
    ]);
  });

  it("is skipped without tables or before the migrations, and reports any other error", async () => {
    const none = await checkPackagesOfCluster(database({ to_regclass: [{ tables: 0, kinds: 0 }] }));
    expect(none).toMatchObject([{ status: "skipped", found: expect.stringContaining("no endpoints of kinds other") }]);
    const old = await checkPackagesOfCluster(database({ to_regclass: [{ tables: 1, kinds: 0 }] }));
    expect(old).toMatchObject([{ status: "skipped", found: expect.stringContaining("migrations") }]);
    const denied = { ...MIGRATED, "posthorn.endpoint": new Error("permission denied for table endpoint") };
    expect(await checkPackagesOfCluster(database(denied))).toMatchObject([
      { status: "problem", found: expect.stringContaining("permission denied for table endpoint") },
    ]);
  });
});

describe("the check of packages in a file", () => {
  it("is skipped without tables, and reports a file that is not a database", () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), "posthorn-packages-"));
    const [empty, broken] = [join(folder.path, "empty.db"), join(folder.path, "broken.db")];
    new DatabaseSync(empty).close();
    writeFileSync(broken, "no database, but long enough to have a header".repeat(100));
    expect(checkPackagesOfFile(empty)).toMatchObject([{ status: "skipped" }]);
    expect(checkPackagesOfFile(broken)).toMatchObject([
      { status: "problem", found: expect.stringContaining("not a database") },
    ]);
  });
});
