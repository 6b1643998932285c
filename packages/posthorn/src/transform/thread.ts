/** A thread that runs the code of transformations and converts bodies, one after the other. It has no environment and no other work. */
import { parentPort, workerData } from "node:worker_threads";
import { tryConvert } from "../format/convert.ts";
import { Sandbox } from "./sandbox.ts";
import type { SandboxLimits, ThreadMessage, ThreadRequest, ThreadResult } from "./types.ts";

const port = parentPort!;
const sandbox = await Sandbox.open(workerData as SandboxLimits);

port.on("message", (request: ThreadRequest) => {
  post({ kind: "done", id: request.id, result: resultOf(request), worn: sandbox.worn });
});
post({ kind: "ready" });

function resultOf(request: ThreadRequest): ThreadResult {
  switch (request.op) {
    case "run":
      return sandbox.run(request.run);
    case "check":
      return sandbox.check(request.code);
    case "convert":
      return tryConvert(request.conversion);
  }
}

function post(message: ThreadMessage): void {
  port.postMessage(message, []);
}
