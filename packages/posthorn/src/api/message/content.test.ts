import { describe, expect, it } from "vitest";
import { contentOf } from "./content.ts";

function rawWith(contentType: string): ReturnType<typeof contentOf> {
  const transformationsParams = { rawPayload: "<a/>", headers: { "content-type": contentType } };
  return contentOf({ eventType: "a", transformationsParams }, Buffer.alloc(0));
}

describe("the content type of a raw payload", () => {
  it.each(["application/xml", "text/plain; charset=utf-8", 'a/b; x="y z"', "application/vnd.a+json;v=1"])(
    "may be %s",
    (contentType) => {
      expect(rawWith(contentType).contentType).toBe(contentType);
    },
  );

  // Any of these would be stored and could never be sent.
  it.each([
    "a/b;\r\n\r\nfoo=bar",
    "a/b;\n x=y",
    "a/b;\u2028x=y",
    "a/b\r\nx: y",
    "xml",
    "a/b;",
    "a/\u00e9",
    `a/${"b".repeat(300)}`,
  ])("may not be %j", (contentType) => {
    expect(() => rawWith(contentType)).toThrow("media type");
  });
});
