import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keptBody, MAX_KEPT_BODY_BYTES, withoutPayload, withPayload } from "./sent-body.ts";

const long = (unit: string): Uint8Array => Buffer.from(unit.repeat(400));
const PAYLOADS: Readonly<Record<string, Uint8Array>> = {
  JSON: Buffer.from(JSON.stringify({ quoted: '"\\\n', text: "äöü€😀".repeat(100) })),
  text: long("plain "),
  "bytes that are not text": Buffer.alloc(400, 0xff),
};
const BODIES: Readonly<Record<string, (payload: Uint8Array) => Uint8Array>> = {
  "as it is": (payload) => Buffer.concat([Buffer.from('{"payload":'), payload, Buffer.from("}\n")]),
  "as a JSON string": (payload) =>
    Buffer.from(JSON.stringify({ body: Buffer.from(payload).toString("utf8"), id: "m" })),
  "in base64": (payload) => Buffer.from(JSON.stringify({ data: Buffer.from(payload).toString("base64") })),
};

describe("a body that an attempt sent", () => {
  for (const [what, payload] of Object.entries(PAYLOADS)) {
    for (const [how, bodyOf] of Object.entries(BODIES)) {
      it(`is read as it was sent if it contains ${what} ${how}`, () => {
        const body = bodyOf(payload);
        expect(withPayload(withoutPayload(body, payload), payload)).toEqual(keptBody(body));
      });
    }
  }

  it("is stored without the payload that it contains", () => {
    const payload = PAYLOADS["JSON"]!;
    for (const how of ["as it is", "as a JSON string", "in base64"]) {
      const stored = withoutPayload(BODIES[how]!(payload), payload);
      expect(JSON.stringify(stored).length).toBeLessThan(150);
      expect(stored.text).not.toContain("äöü");
    }
  });

  it("is read as it was sent, for any content", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 2000 }),
      fc.string({ unit: "binary", minLength: 256, maxLength: 2000 }).map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(bytes, bytes, bytes, fc.boolean(), (before, payload, after, contains) => {
        const body = Buffer.concat(contains ? [before, payload, after] : [before, after]);
        expect(withPayload(withoutPayload(body, payload), payload)).toEqual(keptBody(body));
      }),
    );
  });

  it("is truncated after the same bytes as one that is stored in full", () => {
    const payload = long("0123456789".repeat(10));
    const body = BODIES["as a JSON string"]!(payload);
    const read = withPayload(withoutPayload(body, payload), payload);
    expect(read).toMatchObject({ cut: true });
    expect(read!.text).toHaveLength(MAX_KEPT_BODY_BYTES);
    expect(read).toEqual(keptBody(body));
  });

  it("is gone when the payload in it was deleted", () => {
    const payload = PAYLOADS["text"]!;
    expect(withPayload(withoutPayload(BODIES["as it is"]!(payload), payload), null)).toBeNull();
  });

  it("is stored in full if it contains the payload in another form, such as with a hidden secret", () => {
    const payload = Buffer.from(`secret ${"x".repeat(400)}`);
    const body = Buffer.from(`*** ${"x".repeat(400)}`);
    expect(withoutPayload(body, payload)).toEqual(keptBody(body));
  });
});
