/**
 * CPU time of the main thread per event for tracing: off, sampled out, and exported. See README.md in this folder.
 *
 *     npm run bench:telemetry -- --rounds 15 --events 20000
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { envToConfig } from "../packages/posthorn/src/config/config.ts";
import { readEnv } from "../packages/posthorn/src/config/env.ts";
import type { FinishedAttempt, Tracing } from "../packages/posthorn/src/domain/tracing.ts";
import { TelemetryExporter } from "../packages/posthorn/src/telemetry/exporter.ts";
import { Tracer } from "../packages/posthorn/src/telemetry/tracer.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "15" }, events: { type: "string", default: "20000" } },
});
const rounds = Number(values.rounds);
const events = Number(values.events);

const collector = createServer((request, response) => {
  request.resume().on("end", () => response.end("{}"));
});
await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;

function tracingWith(
  protocol: string,
  ratio: number,
): { readonly tracing: Tracing; readonly exporter: TelemetryExporter } {
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_TRACES_SAMPLER: "traceidratio",
    OTEL_TRACES_SAMPLER_ARG: String(ratio),
    OTEL_BSP_MAX_QUEUE_SIZE: "1000000",
  };
  const { telemetry } = envToConfig(readEnv({ environment }));
  const exporter = new TelemetryExporter({
    config: telemetry!,
    resource: {},
    startedAt: Date.now(),
    onState: () => undefined,
    onError: (error) => console.error(error),
  });
  const emit = exporter.span.bind(exporter);
  const tracing = new Tracer({ config: telemetry!, slowMs: 5000, now: Date.now, scheme: "http", emit });
  return { tracing, exporter };
}

/** One publish and one attempt, as recorded for a delivery. */
function deliver(tracing: Tracing | null, n: number): void {
  const key = 7_000_000_000_000_000 + n;
  const traceContext = tracing?.publishing(key, null) ?? null;
  tracing?.published({ id: key, publicId: "msg_x", eventType: "order.paid", payload: EMPTY, traceContext }, null);
  if (tracing !== null) tracing.attempted({ ...ATTEMPT, key: key + 1, job: { ...ATTEMPT.job, traceContext } });
}

const EMPTY = new Uint8Array(0);
const ATTEMPT = {
  job: { publicId: "msg_x", trigger: 0, attempts: 0, labels: { eventType: "order.paid" } },
  endpointId: "ep_x",
  destinationKind: "http",
  key: 1,
  publicId: "atmpt_x",
  sent: {
    kind: "ok",
    target: "https://example.com/hook",
    durationMs: 12,
    responseCode: 204,
    facts: { method: "POST", peer: "192.0.2.1:443" },
  },
  durationMs: 12.5,
  errorCode: null,
  error: null,
  transformed: null,
} as unknown as FinishedAttempt;

const cases = {
  off: { tracing: null, exporter: null },
  "1 % sampled": tracingWith("http/protobuf", 0.01),
  "all, protobuf": tracingWith("http/protobuf", 1),
  "all, JSON": tracingWith("http/json", 1),
};
const results: Record<string, number[]> = {};
for (let round = 0; round < rounds; round++) {
  for (const [name, { tracing }] of Object.entries(cases)) {
    globalThis.gc?.();
    const before = process.threadCpuUsage();
    for (let n = 0; n < events; n++) deliver(tracing, n);
    const { user, system } = process.threadCpuUsage(before);
    (results[name] ??= []).push((user + system) / events);
    // Lets the worker process the posted spans, outside of the measurement.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
console.log("µs of CPU time of the main thread per delivery (a publish and an attempt), median:");
for (const [name, found] of Object.entries(results)) {
  console.log(`  ${name.padEnd(16)} ${found.toSorted((a, b) => a - b)[rounds >> 1]!.toFixed(3)}`);
}
for (const { exporter } of Object.values(cases)) await exporter?.[Symbol.asyncDispose]();
collector.closeAllConnections();
collector.close();
