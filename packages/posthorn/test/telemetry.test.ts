/** OpenTelemetry of a whole node, received by a collector that decodes it with the official protobuf definitions. */
import { eventually, type OtlpCollector, startCollector, startReceiver } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { createLog } from "../src/lib/log.ts";
import { githubHeaders, send, TestGateway } from "./support/gateway.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { ShiftedClock } from "./support/shifted-clock.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const PARENT = `00-${TRACE}-${SPAN}-01`;
const CODE = "function handler(webhook) { return { ...webhook, payload: { changed: true } }; }";

function settingsFor(collector: OtlpCollector, more: Record<string, string> = {}): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: "20",
    OTEL_METRIC_EXPORT_INTERVAL: "100",
    POSTHORN_RETRY_SCHEDULE: "0.05",
    ...more,
  };
}

async function publish(node: TestNode, headers: Record<string, string> = {}, body: object = {}): Promise<string> {
  const response = await fetch(`${node.url}/api/v1/app/app/msg`, {
    method: "POST",
    headers: { authorization: `Bearer ${node.token}`, "content-type": "application/json", ...headers },
    body: JSON.stringify({ eventType: "order.paid", payload: { n: 1 }, ...body }),
  });
  const text = await response.text();
  if (response.status !== 202) throw new Error(text);
  return (JSON.parse(text) as { id: string }).id;
}

describe.each(["http/protobuf", "http/json"])("telemetry as %s", (protocol) => {
  it("has a span for the publish below that of the publisher, and one for each attempt, linked to it", async () => {
    using folder = temporaryFolder();
    await using collector = await startCollector();
    await using receiver = await startReceiver();
    const env = settingsFor(collector, {
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=a%20b",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
      POSTHORN_TRACE_URL: "https://jaeger.test/trace/{traceId}?uiFind={spanId}",
    });
    await using node = await startNode(folder.path, { env });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    receiver.respondWith((request) => (request.index === 0 ? 503 : 204));
    const id = await publish(node, { traceparent: PARENT, tracestate: "vendor=a" });
    const sent = await collector.waitForSpan(({ name }) => name === "send order.paid");
    expect(sent).toMatchObject({ traceId: TRACE, parentSpanId: SPAN, kind: 4, status: { code: 0 } });
    expect(sent.attributes).toMatchObject({
      "messaging.system": "posthorn",
      "messaging.operation.type": "send",
      "messaging.message.id": id,
    });
    const retried = await collector.waitForSpan(({ attributes }) => attributes["http.response.status_code"] === 204);
    const failed = await collector.waitForSpan(({ attributes }) => attributes["http.response.status_code"] === 503);
    for (const attempt of [failed, retried]) {
      expect(attempt).toMatchObject({ traceId: TRACE, parentSpanId: sent.spanId, name: "POST", kind: 3 });
      expect(attempt.links).toEqual([{ traceId: TRACE, spanId: sent.spanId }]);
      expect(attempt.endMs).toBeGreaterThan(attempt.startMs);
    }
    expect(failed.status).toEqual({ code: 2, message: "HTTP 503" });
    expect(failed.attributes["error.type"]).toBe("503");
    expect(retried.attributes["http.request.resend_count"]).toBe(1);
    expect(collector.resource).toMatchObject({ "service.name": "posthorn", "deployment.environment.name": "test" });
    expect(collector.requests[0]!.headers).toMatchObject({ "x-api-key": "a b", "content-encoding": "gzip" });

    // Pages link to the spans that were exported.
    const { json: message } = await tenant.call("GET", `app/app/msg/${id}`);
    const url = `https://jaeger.test/trace/${TRACE}?uiFind=${sent.spanId}`;
    expect(message["trace"]).toEqual({ traceId: TRACE, spanId: sent.spanId, url });
    const attemptId = String(failed.attributes["posthorn.attempt.id"]);
    const { json: attempt } = await tenant.call("GET", `app/app/msg/${id}/attempt/${attemptId}`);
    expect(attempt["trace"]).toMatchObject({ spanId: failed.spanId });
    const customer = await tenant.portal(["ViewBase"]);
    expect((await customer.call("GET", `app/app/msg/${id}`)).json).not.toHaveProperty("trace");
  });

  it("has metrics under their Prometheus names, and log records", async () => {
    using folder = temporaryFolder();
    await using collector = await startCollector();
    const env = settingsFor(collector, { OTEL_EXPORTER_OTLP_PROTOCOL: protocol });
    const log = createLog({ level: "error", format: "json", exportable: true });
    await using node = await startNode(folder.path, { env, log });
    expect(node.url).not.toBe("");
    log.error({ err: new Error("on purpose"), trace_id: TRACE, port: 17 }, "a line for the collector");
    await eventually(() => {
      expect(collector.metrics.find(({ name }) => name === "posthorn_database_up")).toMatchObject({
        kind: "gauge",
        points: [{ value: 1 }],
      });
      expect(collector.metrics.find(({ name }) => name === "posthorn_commits_total")?.kind).toBe("sum");
      expect(collector.metrics.find(({ name }) => name === "posthorn_attempt_duration_seconds")?.kind).toBe(
        "histogram",
      );
      expect(collector.logs.find(({ body }) => body === "a line for the collector")).toMatchObject({
        severity: "ERROR",
        traceId: TRACE,
        attributes: { port: 17, "exception.message": "on purpose" },
      });
    });
  });
});

describe("traces", () => {
  it("reach the endpoint if its policy says so, and join it to the publisher", async () => {
    using folder = temporaryFolder();
    await using collector = await startCollector();
    await using receiver = await startReceiver();
    await using node = await startNode(folder.path, { env: settingsFor(collector) });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    await publish(node, { traceparent: PARENT });
    const [first] = await receiver.waitForCount(1);
    expect(first!.headers).not.toHaveProperty("traceparent");
    await tenant.call("PATCH", "app/app/endpoint/ep/policy", { tracing: { propagate: true } });
    await publish(node, { traceparent: PARENT, tracestate: "vendor=a" });
    const [, second] = await receiver.waitForCount(2);
    const [, traceId, spanId, flags] = second!.headers["traceparent"]!.split("-");
    expect([traceId, flags]).toEqual([TRACE, "01"]);
    expect(second!.headers["tracestate"]).toBe("vendor=a");
    await collector.waitForSpan((span) => span.spanId === spanId && span.name === "POST");
  });

  it("have a span for the request of a provider, which its attempts continue", async () => {
    await using collector = await startCollector();
    await using gateway = await TestGateway.start(settingsFor(collector));
    const source = await gateway.source({ type: "github", secrets: ["k"] });
    await send(source.url, "{}", { ...githubHeaders("k", "{}", "d-1"), traceparent: PARENT });
    const inbound = await collector.waitForSpan(({ kind }) => kind === 2);
    expect(inbound).toMatchObject({ name: "POST /in/{token}", parentSpanId: "" });
    expect(inbound.attributes).toMatchObject({ "http.response.status_code": 200, "posthorn.source.id": source.id });
    // An untrusted context must not determine the trace, or whether it is exported.
    expect(inbound.traceId).not.toBe(TRACE);
    expect(inbound.links).toEqual([{ traceId: TRACE, spanId: SPAN }]);
    expect(JSON.stringify(inbound)).not.toContain(source.url.split("/").at(-1));
    const attempt = await collector.waitForSpan(({ name }) => name === "POST");
    expect(attempt).toMatchObject({ traceId: inbound.traceId, parentSpanId: inbound.spanId });
  });

  it("have a span for a transformation, and for one that fails", async () => {
    using folder = temporaryFolder();
    await using collector = await startCollector();
    await using receiver = await startReceiver();
    await using node = await startNode(folder.path, { env: settingsFor(collector) });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    await tenant.call("PATCH", "app/app/endpoint/ep/transformation", { code: CODE, enabled: true });
    await publish(node);
    const transform = await collector.waitForSpan(({ name }) => name === "transform");
    const attempt = await collector.waitForSpan(({ spanId }) => spanId === transform.parentSpanId);
    expect(attempt).toMatchObject({ name: "POST", traceId: transform.traceId });
    expect(attempt.startMs).toBeLessThanOrEqual(transform.startMs);
    const code = "function handler() { throw new Error('on purpose'); }";
    await tenant.call("PATCH", "app/app/endpoint/ep/transformation", { code });
    await publish(node);
    const failed = await collector.waitForSpan(({ name, status }) => name === "transform" && status.code === 2);
    const unsent = await collector.waitForSpan(({ spanId }) => spanId === failed.parentSpanId);
    expect(unsent).toMatchObject({ name: "build request", kind: 1, status: { code: 2 } });
  });

  it("have a span for each run of a source that Posthorn reads, which its events continue", async () => {
    await using collector = await startCollector();
    const clock = new ShiftedClock(Date.parse("2026-03-02T00:10:00Z"));
    await using gateway = await TestGateway.start(settingsFor(collector), { clock });
    const source = await gateway.source({ kind: "schedule", config: { cron: "0 * * * *" } });
    await eventually(async () => {
      const { json } = await gateway.call("GET", `ingest/api/v1/source/${source.id}/state`);
      expect(json).toMatchObject({ lastSuccessAt: expect.any(String) });
    });
    clock.advance(3_600_000);
    const attempt = await collector.waitForSpan(({ name }) => name === "POST");
    const run = await collector.waitForSpan(({ spanId }) => spanId === attempt.parentSpanId);
    expect(run).toMatchObject({ name: "receive schedule", traceId: attempt.traceId, kind: 5 });
  });

  it("that are not sampled still show failed attempts, and nothing else", async () => {
    using folder = temporaryFolder();
    await using collector = await startCollector();
    await using receiver = await startReceiver();
    const env = settingsFor(collector, { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" });
    await using node = await startNode(folder.path, { env });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    await publish(node, { traceparent: PARENT });
    await receiver.waitForCount(1);
    receiver.respondWith(500);
    await publish(node, { traceparent: PARENT });
    const failed = await collector.waitForSpan(({ status }) => status.code === 2);
    // Its publish was not exported, so that it would be a missing parent.
    expect(failed.parentSpanId).toBe("");
    expect(collector.spans.filter(({ status }) => status.code !== 2)).toEqual([]);
  });

  it("pass the publisher's context on unchanged when OpenTelemetry is off", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    await using node = await startNode(folder.path);
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    await tenant.call("PATCH", "app/app/endpoint/ep/policy", { tracing: { propagate: true } });
    await publish(node, { traceparent: PARENT });
    await publish(node, { traceparent: "nonsense" });
    const [first, second] = await receiver.waitForCount(2);
    const sent = new Set([first!, second!].map(({ headers }) => headers["traceparent"]));
    expect(sent).toEqual(new Set([PARENT, undefined]));
  });
});

describe("a collector that fails", () => {
  it("gets the same spans again after a temporary failure", async () => {
    using folder = temporaryFolder();
    await using collector = await startCollector();
    await using receiver = await startReceiver();
    const env = settingsFor(collector, { OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" });
    await using node = await startNode(folder.path, { env });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    collector.failWith(503, 429);
    await publish(node);
    expect(await collector.waitForSpan(({ name }) => name === "send order.paid")).toMatchObject({ kind: 4 });
  });

  it("does not delay deliveries, and records that it does not accept are dropped and counted", async () => {
    using folder = temporaryFolder();
    await using collector = await startCollector();
    await using receiver = await startReceiver();
    const env = settingsFor(collector, {
      OTEL_BSP_MAX_QUEUE_SIZE: "5",
      OTEL_METRICS_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
      OTEL_EXPORTER_OTLP_TIMEOUT: "60000",
      POSTHORN_METRICS_LISTEN: "127.0.0.1:0",
    });
    await using node = await startNode(folder.path, { env });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    collector.hang();
    for (let n = 0; n < 20; n++) await publish(node);
    await receiver.waitForCount(20);
    await eventually(async () => {
      const text = await (await fetch(node.metricsUrl!)).text();
      expect(text).toContain('posthorn_telemetry_dropped_total{signal="traces"} 35');
      expect(text).toContain('posthorn_telemetry_exported_total{signal="traces"} 0');
    });
  });
});
