import { eventually } from "@posthorn/testkit";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runCli } from "../lib/cli.ts";
import { temporaryFolder } from "../lib/folder.ts";

it("is returned by the main thread and the threads of SQLite once a server is at rest", async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "collecting.txt");
  await using server = runCli(["start"], {
    NODE_OPTIONS: `--import=${new URL("../lib/garbage-probe.ts", import.meta.url).href}`,
    COLLECTING_THREADS: file,
    POSTHORN_LISTEN: "127.0.0.1:0",
    POSTHORN_DATA_DIR: join(folder.path, "data"),
    POSTHORN_LOG_FORMAT: "json",
  });
  await server.url;
  await eventually(() => {
    const threads = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    expect([...new Set(threads)].toSorted()).toEqual(["main", "posthorn-reader", "posthorn-writer"]);
  });
});
