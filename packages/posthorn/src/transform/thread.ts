/** The thread that runs the code of transformations, one run after the other. It has no environment and no other work. */
import { parentPort, workerData } from "node:worker_threads";
import { Sandbox } from "./sandbox.ts";
import type { SandboxLimits, ThreadMessage, ThreadRequest } from "./types.ts";

const port = parentPort!;
const sandbox = await Sandbox.open(workerData as SandboxLimits);

port.on("message", (request: ThreadRequest) => {
  const result = request.op === "run" ? sandbox.run(request.run) : sandbox.check(request.code);
  post({ kind: "done", id: request.id, result, worn: sandbox.worn });
});
post({ kind: "ready" });

function post(message: ThreadMessage): void {
  port.postMessage(message, []);
}
