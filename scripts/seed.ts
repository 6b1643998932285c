/**
 * Starts a server with a day of sample traffic: fifty applications, ten sources, healthy and failing receivers.
 *
 *     npm run seed                              prints a link to the dashboard; Ctrl-C stops the server and deletes its data
 *     npm run seed -- --listen 127.0.0.1:9000   listens at another address
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Demo } from "../e2e/demo/demo.ts";

const PAUSE_MS = 2000;
const PROGRESS_LINES = 8;

const { values } = parseArgs({ options: { listen: { type: "string", default: "127.0.0.1:8071" } } });
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());

const folder = await mkdtemp(join(tmpdir(), "posthorn-demo-"));
try {
  console.log("Creating a day of sample traffic. This takes about a minute.");
  await using demo = await Demo.start({
    folder,
    listen: values.listen,
    onProgress: (done, of) => {
      if (done % Math.ceil(of / PROGRESS_LINES) === 0) console.log(`  ${Math.round((100 * done) / of)} %`);
    },
  });
  console.log(`\n  Dashboard ${demo.url}/#key=${demo.token}\n\n  Press Ctrl-C to stop the server and delete its data.`);
  while (!stop.signal.aborted) {
    await demo.happen();
    await delay(PAUSE_MS, undefined, { signal: stop.signal }).catch(() => undefined);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
