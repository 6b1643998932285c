/** One trace joins a publisher, the attempts of a server process and its receiver, also across kills. */
import { startCollector, startReceiver, startServer } from "@posthorn/testkit";
import { expect, test } from "vitest";
import { Api } from "../lib/api.ts";
import { Recorder } from "../lib/recorder.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PUBLISHER = "b7ad6b7169203331";

test("a trace goes from the publisher through each attempt to the receiver, and a killed server continues it", async () => {
  await using collector = await startCollector();
  await using receiver = await startReceiver({ response: 503 });
  await using server = await startServer({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: "posthorn-e2e",
      OTEL_BSP_SCHEDULE_DELAY: "50",
      POSTHORN_RETRY_SCHEDULE: "0.1,2,2,2,2,2,2",
    },
  });
  const api = new Api(server.url, server.token, new Recorder());
  await api.post("/api/v1/app", { name: "Traced", uid: "traced" });
  await api.post("/api/v1/app/traced/endpoint", { url: `${receiver.url}/hook`, uid: "ep" });
  await api.patch("/api/v1/app/traced/endpoint/ep/policy", { tracing: { propagate: true } });
  const response = await fetch(`${server.url}/api/v1/app/traced/msg`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${server.token}`,
      "content-type": "application/json",
      traceparent: `00-${TRACE}-${PUBLISHER}-01`,
    },
    body: JSON.stringify({ eventType: "order.paid", payload: {} }),
  });
  expect(response.status).toBe(202);
  const published = await collector.waitForSpan(({ name }) => name === "send order.paid");
  expect(published).toMatchObject({ traceId: TRACE, parentSpanId: PUBLISHER });
  expect(collector.resource["service.name"]).toBe("posthorn-e2e");
  await receiver.waitForCount(1);
  await server.kill();
  const before = receiver.requests.length;
  receiver.respondWith(204);
  await server.restart();
  const [last] = (await receiver.waitForCount(before + 1)).slice(-1);
  const [, traceId, spanId] = last!.headers["traceparent"]!.split("-");
  expect(traceId).toBe(TRACE);
  const attempt = await collector.waitForSpan((span) => span.spanId === spanId);
  expect(attempt).toMatchObject({ name: "POST", traceId: TRACE, parentSpanId: published.spanId, status: { code: 0 } });
  expect(attempt.links).toEqual([{ traceId: TRACE, spanId: published.spanId }]);
});

test("the protocol grpc fails the start with a message that says what to set", async () => {
  const start = startServer({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4317", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
  });
  await expect(start).rejects.toThrow("OTEL_EXPORTER_OTLP_PROTOCOL is wrong: Posthorn exports over HTTP only");
});
