import { describe, expect, it } from "vitest";
import { contentOf } from "./create.ts";

function rawWith(contentType: string): ReturnType<typeof contentOf> {
  const transformationsParams = { rawPayload: "<a/>", headers: { "content-type": contentType } };
  return contentOf({ eventType: "a", transformationsParams }, Buffer.alloc(0));
}

describe("the content type of a raw payload", () => {
  it.each(["application/xml", "text/plain; charset=utf-8", 'a/b; x="y z"', "application/vnd.a+json;v=1"])(
    "can be %s",
    (contentType) => {
      expect(rawWith(contentType).contentType).toBe(contentType);
    },
  );

  // These could be stored, but never sent.
  it.each([
    "a/b;\r\n\r\nfoo=bar",
    "a/b;\n x=y",
    "a/b;\u2028x=y",
    "a/b\r\nx: y",
    "xml",
    "a/b;",
    "a/\u00e9",
    `a/${"b".repeat(300)}`,
  ])("cannot be %j", (contentType) => {
    expect(() => rawWith(contentType)).toThrow("media type");
  });
});

describe("a raw payload whose signature would also match another ID and timestamp", () => {
  const raw = (rawPayload: string) =>
    contentOf({ eventType: "a", transformationsParams: { rawPayload } }, Buffer.alloc(0));

  it.each(['1732000000.{"type":"forged"}', "1732000000.", "1.text", "999999999999.x", "1732000000.5 x"])(
    "is refused: %j",
    (payload) => {
      expect(() => raw(payload)).toThrow("cannot start with digits and a dot");
      const rawPayload = Buffer.from(payload).toString("base64");
      const params = { rawPayload, rawPayloadEncoding: "base64" as const };
      expect(() => contentOf({ eventType: "a", transformationsParams: params }, Buffer.alloc(0))).toThrow(
        "digits and a dot",
      );
    },
  );

  it.each([
    "1732000000.5",
    "3.14",
    '{"a":1.5}',
    "[1.5]",
    " 1732000000.x",
    "v1732000000.x",
    "1732000000",
    "1234567890123.x",
  ])("is not %j", (payload) => {
    expect(Buffer.from(raw(payload).payload).toString()).toBe(payload);
  });
});
