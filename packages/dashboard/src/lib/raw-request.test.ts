import { describe, expect, it } from "vitest";
import { parseRequest } from "./raw-request.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe("parseRequest", () => {
  it("parses a whole request, with the body byte for byte", () => {
    const request = parseRequest(
      'POST /hooks?x=1 HTTP/1.1\nHost: shop.example\nWebhook-Id: msg_1\n\n{"a": 1.0}\n\nmore\n',
    );
    expect(request).toMatchObject({
      method: "POST",
      url: "https://shop.example/hooks?x=1",
      headers: [
        ["Host", "shop.example"],
        ["Webhook-Id", "msg_1"],
      ],
    });
    expect(text(request.body)).toBe('{"a": 1.0}\n\nmore\n');
  });

  it("needs no request line, and accepts the header prefixes of curl -v", () => {
    const request = parseRequest("\n> webhook-id: a\n> webhook-signature: v1,x\r\n\r\nhi");
    expect(request.method).toBe("POST");
    expect(request.headers).toEqual([
      ["webhook-id", "a"],
      ["webhook-signature", "v1,x"],
    ]);
    expect(text(request.body)).toBe("hi");
  });

  it("ignores lines that are not headers", () => {
    expect(parseRequest("hello there\n\nbody").headers).toEqual([]);
  });
});
