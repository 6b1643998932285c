/** `posthorn storage` against a running server. */
import { startServer } from "@posthorn/testkit";
import { expect, test } from "vitest";
import { runCli } from "../lib/cli.ts";

test("posthorn storage prints what is stored by kind, and the forecast of the disk", async () => {
  await using server = await startServer();
  await using cli = runCli(["storage", "--url", server.url, "--token", server.token]);
  const { code, stdout, stderr } = await cli.ended;
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^KIND +ROWS +SIZE +PER DAY +KEPT +LEVELS OFF AT\n/);
  expect(stdout).toMatch(/^failure +0 +0 B +0 B +180 days +0 B$/m);
  expect(stdout).toMatch(/The database takes up \d+ KiB, .+ It grows by .+ a day, and levels off at 0 B\.\n/);
  expect(stdout).toMatch(/are left on the disk: at this rate, the disk is large enough\.\n/);
});
