import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("location", { origin: "http://here" });
vi.stubGlobal("document", { querySelector: () => null });
vi.stubGlobal("sessionStorage", { getItem: () => null });
const { toExact } = await import("./message.ts");

const FIELDS = { id: "msg_1", eventType: 'a","payload":{}', contentType: "application/json" };

describe("a message", () => {
  it("keeps the payload digit by digit", () => {
    const text = `${JSON.stringify(FIELDS).slice(0, -1)},"payload":{"a":1.0, "b":12345678901234567890}}`;
    expect(toExact(text).body).toEqual({ text: '{"a":1.0, "b":12345678901234567890}', base64: false, json: true });
  });

  it("has a base64 body when it is not JSON, and none after it has expired", () => {
    const raw = { ...FIELDS, rawPayload: "AAE=", rawPayloadEncoding: "base64", payload: {} };
    expect(toExact(JSON.stringify(raw)).body).toEqual({ text: "AAE=", base64: true, json: false });
    expect(toExact(JSON.stringify({ ...FIELDS, payload: { expired: true } })).body).toBeNull();
  });
});
