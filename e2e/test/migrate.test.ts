/** `posthorn migrate`, as an operator runs it before an upgrade. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { runCli } from "../lib/cli.ts";
import { temporaryFolder } from "../lib/folder.ts";

test("posthorn migrate prints its plan, applies it, and does nothing the second time", async () => {
  using folder = temporaryFolder();
  const migrate = async (...args: readonly string[]) => {
    await using cli = runCli(["migrate", ...args], { POSTHORN_DATA_DIR: folder.path });
    const { code, stdout, stderr } = await cli.ended;
    return { code, stdout, stderr };
  };
  const plan = await migrate("--plan");
  expect(plan).toMatchObject({ code: 0, stderr: "" });
  expect(plan.stdout).toMatch(/^-- 1 initial\nCREATE TABLE organisation/);
  expect((await migrate("--status")).stdout).toMatch(/^VERSION +STEP +DONE +RECORD\n1 +initial +no +-\n/);

  const run = await migrate();
  expect(run).toMatchObject({ code: 0, stderr: "" });
  expect(run.stdout).toMatch(/^1 initial: done\n[^]*The database is up to date\.\n$/);
  expect((await migrate("--status")).stdout).toMatch(/^VERSION +STEP +DONE +RECORD\n1 +initial +yes +matches\n/);
  expect((await migrate("--plan")).stdout).toBe("-- nothing to do\n");
  expect((await migrate()).stdout).toBe("The database is up to date: there was nothing to do.\n");
  expect(await migrate("--plan", "--status")).toMatchObject({ code: 1, stdout: "" });
});

test("posthorn migrate and a start refuse a database of another build, and --status shows the differences", async () => {
  using folder = temporaryFolder();
  const run = async (...args: readonly string[]) => {
    await using cli = runCli(args, { POSTHORN_DATA_DIR: folder.path, POSTHORN_LISTEN: "127.0.0.1:0" });
    const { code, stdout, stderr } = await cli.ended;
    return { code, stdout, stderr };
  };
  expect(await run("migrate")).toMatchObject({ code: 0 });
  const db = new DatabaseSync(join(folder.path, "posthorn.db"));
  db.exec("UPDATE schema_version SET name = 'widgets' WHERE version = 5");
  db.close();

  const sentence =
    /^posthorn: Migration 5 of the database is "widgets", but in this version of Posthorn it is "replay"\. [^\n]+\n$/;
  for (const args of [["migrate"], ["migrate", "--plan"], ["start"]]) {
    const { code, stderr } = await run(...args);
    expect([args, code, stderr]).toEqual([args, 1, expect.stringMatching(sentence)]);
  }
  const status = await run("migrate", "--status");
  expect(status).toMatchObject({ code: 1, stderr: expect.stringMatching(sentence) as string });
  expect(status.stdout).toMatch(/\n4 +filters +yes +matches\n5 +replay +yes +differs\n6 +messages +yes +matches\n/);
});
