/** A thread that simulates the seeds it is sent. */
import { parentPort } from "node:worker_threads";
import { simulate } from "./simulation.ts";

const port = parentPort!;
// A promise that is not awaited has failed: the simulation must not continue.
process.on("unhandledRejection", (error) => {
  throw error;
});
port.on("message", (seed: number) => {
  void simulate(seed).then((result) => port.postMessage(result));
});
