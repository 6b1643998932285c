import { describe, expect, it, vi } from "vitest";
import { mcpEvents } from "./events.ts";
import type { McpEventsOptions } from "./options.ts";

type Handlers = ReadonlyMap<
  string,
  (params: Record<string, unknown>, context: object) => Promise<Record<string, unknown>>
>;

/** The handlers of an MCP server whose Posthorn responds like this. */
function handlersOf(options: Partial<McpEventsOptions<object>>): Handlers {
  const handlers = new Map<
    string,
    (params: Record<string, unknown>, context: object) => Promise<Record<string, unknown>>
  >();
  const server = {
    registerCapabilities: () => undefined,
    setRequestHandler: (method: string, _: object, handler: Parameters<typeof handlers.set>[1]) =>
      void handlers.set(method, handler),
  };
  const principal = () => ({ application: "acme", token: "phc_1" });
  mcpEvents(server, { url: "https://hooks.example.com", principal, ...options });
  return handlers;
}

/** Calls `events/poll`. */
function poll(options: Partial<McpEventsOptions<object>>): Promise<Record<string, unknown>> {
  return handlersOf(options).get("events/poll")!({ name: "order.made" }, {});
}

/** Calls `events/stream`, and returns what the client gets. */
async function stream(fetch: McpEventsOptions<object>["fetch"], signal = new AbortController().signal) {
  const sent: unknown[] = [];
  const notify = (notification: object) => Promise.resolve(void sent.push(notification));
  const handler = handlersOf({ fetch: fetch!, timeoutMs: 1000 }).get("events/stream")!;
  const ended = handler({ name: "order.made" }, { mcpReq: { id: "r7", signal, notify } });
  return { sent, ended };
}

const responds = (text: string) => () => Promise.resolve(new Response(text));

describe("a response of Posthorn", () => {
  it("is passed on with all digits of its numbers", async () => {
    const events = '[{"id":12345678901234567890,"price":0.1234567890123456789,"text":"12345678901234567890","n":1}]';
    const result = await poll({ fetch: responds(`{"jsonrpc":"2.0","id":1,"result":{"events":${events}}}`) });
    expect(JSON.stringify(result)).toBe(`{"events":${events}}`);
  });

  it("is an error if the response is an error or not JSON", async () => {
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

/** A stream of these texts. It stays open unless it contains a result. */
function streams(...texts: readonly string[]) {
  const chunks = texts.map((text) => new TextEncoder().encode(text));
  const isOpen = !texts.join("").includes('"result"');
  const headers = { "content-type": "text/event-stream" };
  return ({ signal }: Request) =>
    Promise.resolve(
      new Response(
        new ReadableStream({
          start: (controller) => {
            for (const chunk of chunks) controller.enqueue(chunk);
            signal.addEventListener("abort", () => controller.error(signal.reason));
            if (!isOpen) controller.close();
          },
        }),
        { headers },
      ),
    );
}

const EVENT =
  '{"jsonrpc":"2.0","method":"notifications/events/event","params":{"data":{"n":12345678901234567890},"_meta":{"io.modelcontextprotocol/subscriptionId":1}}}';

describe("a stream", () => {
  it("is passed on as notifications for the client's request, with all digits, and ends with its result", async () => {
    const { sent, ended } = await stream(
      streams(
        ": ping\n\n",
        `data: ${EVENT.slice(0, 40)}`,
        `${EVENT.slice(40)}\n\n`,
        'data: {"id":1,"result":{"_meta":{}}}\n\n',
      ),
    );
    expect(await ended).toEqual({});
    expect(JSON.stringify(sent)).toBe(
      '[{"method":"notifications/events/event","params":{"data":{"n":12345678901234567890},"_meta":{"io.modelcontextprotocol/subscriptionId":"r7"}}}]',
    );
  });

  it("ends Posthorn's stream when the client disconnects", async () => {
    const gone = new AbortController();
    let passed: AbortSignal | undefined;
    const { sent, ended } = await stream((request) => {
      passed = request.signal;
      return streams(`data: ${EVENT}\n\n`)(request);
    }, gone.signal);
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    expect(passed!.aborted).toBe(false);
    gone.abort();
    expect(await ended).toEqual({});
    expect(passed!.aborted).toBe(true);
  });

  it("is an error if Posthorn refuses it, ends it without a result, or does not respond", async () => {
    const refused = responds('{"error":{"code":-32012,"message":"The token was revoked."}}');
    await expect((await stream(refused)).ended).rejects.toMatchObject({ code: -32_012 });
    const cut = () =>
      Promise.resolve(new Response(`data: ${EVENT}\n\n`, { headers: { "content-type": "text/event-stream" } }));
    await expect((await stream(cut)).ended).rejects.toMatchObject({
      message: expect.stringContaining("its stream ended"),
    });
  });

  it("is offered only to a server that can send notifications during a request", async () => {
    const handlers = handlersOf({ fetch: responds('{"result":{"events":[{"name":"a","delivery":["poll","push"]}]}}') });
    const list = (context: object) => handlers.get("events/list")!({}, context);
    expect(await list({})).toEqual({ events: [{ name: "a", delivery: ["poll"] }] });
    const mcpReq = { id: 1, signal: new AbortController().signal, notify: () => Promise.resolve() };
    expect(await list({ mcpReq })).toEqual({ events: [{ name: "a", delivery: ["poll", "push"] }] });
    await expect(handlers.get("events/stream")!({}, {})).rejects.toMatchObject({ code: -32_014 });
  });
});
