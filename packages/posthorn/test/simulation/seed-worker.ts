/** A thread that simulates the seeds it is sent. */
import { parentPort } from "node:worker_threads";
import type { SeedTask } from "./run-seeds.ts";
import { simulate } from "./simulation.ts";

const port = parentPort!;
// A promise that is not awaited has failed: the simulation must not continue.
process.on("unhandledRejection", (error) => {
  throw error;
});
port.on("message", ({ seed, threads }: SeedTask) => {
  void simulate(seed, { threads }).then((result) => port.postMessage(result));
});
