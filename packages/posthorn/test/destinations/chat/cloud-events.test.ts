/** Requests of the kind `cloudEvents`, as read by the CloudEvents SDK. */
import { CloudEvent, type CloudEventV1, HTTP } from "cloudevents";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KindMessage, KindRequest } from "../../../src/destinations/kind.ts";
import { configOf, CREATED_AT, kindOf, message, requestOf } from "./messages.ts";

const SOURCE = "https://example.com/billing";

/** The event that a receiver with the SDK gets. */
function received({ headers, body }: KindRequest): CloudEventV1<unknown> | readonly CloudEventV1<unknown>[] {
  const names = headers.filter((_, index) => index % 2 === 0);
  const named = Object.fromEntries(names.map((name, index) => [name, headers[2 * index + 1]!]));
  return HTTP.toEvent({ headers: named, body: Buffer.from(body).toString("utf8") });
}

function sent(changes: Partial<KindMessage>, mode: string): CloudEventV1<unknown> {
  const event = received(requestOf("cloudEvents", message({}, changes), { mode, source: SOURCE }));
  expect(event).toBeInstanceOf(CloudEvent);
  return event as CloudEventV1<unknown>;
}

describe("an event sent as CloudEvents", () => {
  it.each(["binary", "structured"])("has its attributes in %s mode", (mode) => {
    const event = sent({ id: "msg_1", eventType: "invoice.paid" }, mode);
    expect(event).toMatchObject({ specversion: "1.0", id: "msg_1", type: "invoice.paid", source: SOURCE });
    expect(new Date(event.time!).getTime()).toBe(CREATED_AT);
    expect(event.datacontenttype).toBe("application/json");
  });

  it.each(["binary", "structured"])("has the JSON that was published as its data in %s mode", (mode) => {
    fc.assert(
      fc.property(fc.oneof(fc.object(), fc.array(fc.jsonValue())), (value) => {
        const json = JSON.stringify(value);
        expect(sent({ body: Buffer.from(json) }, mode).data).toEqual(JSON.parse(json));
      }),
      { numRuns: 100 },
    );
  });

  it("has any bytes as its data in structured mode", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (body) => {
        const { data, data_base64: encoded } = sent({ body, contentType: "image/png" }, "structured");
        expect(Buffer.from(encoded!, "base64")).toEqual(Buffer.from(body));
        expect(Buffer.from(data as Uint8Array)).toEqual(Buffer.from(body));
      }),
      { numRuns: 100 },
    );
  });

  it("has text that is not JSON as its data in structured mode", () => {
    const event = sent({ body: Buffer.from("<paid n='1'/>"), contentType: "application/xml" }, "structured");
    expect([event.datacontenttype, event.data]).toEqual(["application/xml", "<paid n='1'/>"]);
  });

  it("keeps the bytes of its JSON in structured mode, such as numbers that JavaScript cannot represent", () => {
    const json = '{ "big": 12345678901234567890, "exact": 1.0 }';
    const { body } = requestOf("cloudEvents", message(json), { mode: "structured" });
    expect(Buffer.from(body).toString()).toContain(`"data":${json}}`);
  });

  it("is part of a list if several are sent at once", () => {
    const messages = ["msg_1", "msg_2", "msg_3"].map((id) => message({ of: id }, { id }));
    const request = kindOf("cloudEvents").request(configOf("cloudEvents"), messages, CREATED_AT) as KindRequest;
    const events = received(request) as readonly CloudEventV1<unknown>[];
    expect(events.map(({ id, data }) => [id, data])).toEqual(messages.map(({ id }) => [id, { of: id }]));
  });
});
