import { describe, expect, it } from "vitest";
import { mcpEvents, type McpEventsOptions } from "./events.ts";

/** Calls `events/poll` of a server whose Posthorn responds like this. */
async function poll(options: Partial<McpEventsOptions<null>>): Promise<Record<string, unknown>> {
  const handlers = new Map<
    string,
    (params: Record<string, unknown>, context: null) => Promise<Record<string, unknown>>
  >();
  const server = {
    registerCapabilities: () => undefined,
    setRequestHandler: (method: string, _: object, handler: Parameters<typeof handlers.set>[1]) =>
      void handlers.set(method, handler),
  };
  const principal = () => ({ application: "acme", token: "phc_1" });
  mcpEvents(server, { url: "https://hooks.example.com", principal, ...options });
  return handlers.get("events/poll")!({ name: "order.made" }, null);
}

const responds = (text: string) => () => Promise.resolve(new Response(text));

describe("what Posthorn responds", () => {
  it("is passed on with all digits of its numbers", async () => {
    const events = '[{"id":12345678901234567890,"price":0.1234567890123456789,"text":"12345678901234567890","n":1}]';
    const result = await poll({ fetch: responds(`{"jsonrpc":"2.0","id":1,"result":{"events":${events}}}`) });
    expect(JSON.stringify(result)).toBe(`{"events":${events}}`);
  });

  it("is an error if it is one, or is not JSON", async () => {
    const error = '{"error":{"code":-32011,"message":"There is no event.","data":{"kind":"event"}}}';
    await expect(poll({ fetch: responds(error) })).rejects.toMatchObject({ code: -32_011, data: { kind: "event" } });
    await expect(poll({ fetch: responds("<html>") })).rejects.toMatchObject({
      code: -32_603,
      message: expect.stringContaining("status 200"),
    });
  });
});

describe("a Posthorn that is unavailable", () => {
  it("is an error when it does not respond in time", async () => {
    const hangs = ({ signal }: Request) =>
      new Promise<Response>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    await expect(poll({ fetch: hangs, timeoutMs: 1 })).rejects.toMatchObject({
      code: -32_603,
      message: expect.stringContaining("did not respond in time"),
    });
  });

  it("is an error when it cannot be reached", async () => {
    await expect(poll({ fetch: () => Promise.reject(new Error("refused")) })).rejects.toMatchObject({
      code: -32_603,
      message: expect.stringContaining("cannot be reached"),
    });
  });
});
