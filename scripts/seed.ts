/**
 * Starts a server that looks as if it had run for a day, to look at: fifty applications, ten sources, healthy and failing receivers.
 *
 *     npm run seed                              then open the dashboard that it prints; Ctrl-C ends it and deletes its data
 *     npm run seed -- --listen 127.0.0.1:9000   at another address
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Demo } from "../e2e/demo/demo.ts";

const PAUSE_MS = 2000;

const { values } = parseArgs({ options: { listen: { type: "string", default: "127.0.0.1:8071" } } });
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());

const folder = await mkdtemp(join(tmpdir(), "posthorn-demo-"));
try {
  console.log("A day is lived through; this takes a minute.");
  await using demo = await Demo.start({ folder, listen: values.listen });
  console.log(`\n  Dashboard ${demo.url}/#key=${demo.token}\n\n  Ctrl-C ends it and deletes its data.`);
  while (!stop.signal.aborted) {
    await demo.happen();
    await delay(PAUSE_MS, undefined, { signal: stop.signal }).catch(() => undefined);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
