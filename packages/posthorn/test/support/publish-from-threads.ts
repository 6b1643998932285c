/**
 * A process in which several threads use one database until it is killed. Arguments: path, number of threads. Each line on its standard output is
 * the key of a message that is on disk with its outcome.
 */
import { Worker } from "node:worker_threads";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { LinkedSiblings } from "./linked-siblings.ts";
import type { SeatThreadData, SeatThreadMessage } from "./seat-thread.ts";

/** First keys of the threads are this far apart. */
const APART = 1_000_000;

const [path = "", threads = "1"] = process.argv.slice(2);
const store = await SqliteStore.open({ path, siblings: new LinkedSiblings() });
for (let thread = 1; thread <= Number(threads); thread++) {
  const seat = store.seat();
  const workerData: SeatThreadData = { seat, first: thread * APART, holdFrom: null };
  new Worker(new URL("./seat-thread.ts", import.meta.url), { workerData, transferList: [seat.port] }).on(
    "message",
    (message: SeatThreadMessage) => "confirmed" in message && process.stdout.write(`${message.confirmed}\n`),
  );
}
