/**
 * Worker thread for work that may take long: transformations, body conversions, imports, diagnoses and documents of sources. One job at a time, with an empty
 * environment.
 */
import { parentPort, workerData } from "node:worker_threads";
import { describeOpenApi } from "../domain/event-type/openapi/describe.ts";
import { tryConvert } from "../format/convert.ts";
import { diagnose } from "../ingest/diagnosis.ts";
import { parseDocument } from "../sources/parse/parse.ts";
import { Sandbox } from "./sandbox.ts";
import type { SandboxLimits, ThreadMessage, ThreadRequest, ThreadResult } from "./types.ts";

const port = parentPort!;
const sandbox = await Sandbox.open(workerData as SandboxLimits);

port.on("message", (request: ThreadRequest) => void work(request));
post({ kind: "ready" });

async function work(request: ThreadRequest): Promise<void> {
  const result = await resultOf(request);
  post({ kind: "done", id: request.id, result, worn: sandbox.worn });
}

function resultOf(request: ThreadRequest): ThreadResult | Promise<ThreadResult> {
  switch (request.op) {
    case "run":
      return sandbox.run(request.run);
    case "check":
      return sandbox.check(request.code);
    case "convert":
      return tryConvert(request.conversion);
    case "describe":
      return describeOpenApi(request.request);
    case "diagnose":
      return diagnose(request.job);
    case "parse":
      return parseDocument(request.document);
  }
}

function post(message: ThreadMessage): void {
  port.postMessage(message, []);
}
