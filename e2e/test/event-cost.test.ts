/** The modules that the built server loads at its start, and its work for one event, as counts that do not depend on the machine. */
import { builtProgramArguments, startReceiver, startServer } from "@posthorn/testkit";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { costRises } from "../../packages/posthorn/test/support/recorded-costs.ts";
import { temporaryFolder } from "../../packages/posthorn/test/support/store.ts";
import { call, countingEnvironment, medianEventCost } from "../lib/event-cost.ts";
import { startServer as startAndStop } from "../lib/start-size-server.ts";

const EVENTS = 60;
/** Warm-up events, until the endpoint is cached and its connection is open. */
const FIRST_EVENTS = 10;

describe("the built server", () => {
  it("does no more for one event than recorded", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "hops.json");
    await using receiver = await startReceiver();
    await using server = await startServer({ env: countingEnvironment(file) });
    await call(server, "app", { name: "App", uid: "app" });
    await call(server, "app/app/endpoint", { url: receiver.url });
    const counted = { server, receiver, file };
    await medianEventCost(counted, FIRST_EVENTS);
    expect(costRises("SQLite, one event published alone", await medianEventCost(counted, EVENTS))).toBe("");
  });

  it("loads no more at its start than recorded, and stores its compiled code for the next start", async () => {
    using folder = temporaryFolder();
    const started = await startAndStop(folder.path, await builtProgramArguments());
    const { modules, readerModules, writerModules, compiled } = started;
    // All of them except the first few files, which choose the folder of the cache.
    expect(compiled.length).toBeGreaterThan(modules.length - 5);
    // See scripts/http-import.ts.
    expect(
      modules.filter((url) => /^import .* from "(?:node:)?http";$/m.test(readFileSync(fileURLToPath(url), "utf8"))),
    ).toEqual([]);
    const costs = {
      modules: modules.length,
      "KiB of code": kibOf(modules),
      "KiB of code in a reader thread": kibOf(readerModules),
      "KiB of code in the writer thread": kibOf(writerModules),
    };
    expect(costRises("start of the built server", costs)).toBe("");
  });
});

function kibOf(urls: readonly string[]): number {
  return Math.round(urls.reduce((sum, url) => sum + statSync(fileURLToPath(url)).size, 0) / 1024);
}
