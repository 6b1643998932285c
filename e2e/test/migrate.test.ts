/** `posthorn migrate`, as an operator runs it before an upgrade. */
import { expect, test } from "vitest";
import { runCli } from "../lib/cli.ts";
import { temporaryFolder } from "../lib/folder.ts";

test("posthorn migrate shows what it would do, does it, and has nothing to do the second time", async () => {
  using folder = temporaryFolder();
  const migrate = async (...args: readonly string[]) => {
    await using cli = runCli(["migrate", ...args], { POSTHORN_DATA_DIR: folder.path });
    const { code, stdout, stderr } = await cli.ended;
    return { code, stdout, stderr };
  };
  const plan = await migrate("--plan");
  expect(plan).toMatchObject({ code: 0, stderr: "" });
  expect(plan.stdout).toMatch(/^-- 1 initial\nCREATE TABLE organisation/);
  expect((await migrate("--status")).stdout).toMatch(/^VERSION +STEP +DONE\n1 +initial +no\n/);

  const run = await migrate();
  expect(run).toMatchObject({ code: 0, stderr: "" });
  expect(run.stdout).toMatch(/^1 initial: done\n[^]*The database is up to date\.\n$/);
  expect((await migrate("--status")).stdout).toMatch(/^VERSION +STEP +DONE\n1 +initial +yes\n/);
  expect((await migrate("--plan")).stdout).toBe("-- nothing is to be done\n");
  expect((await migrate()).stdout).toBe("The database is up to date: nothing was to be done.\n");
  expect(await migrate("--plan", "--status")).toMatchObject({ code: 1, stdout: "" });
});
