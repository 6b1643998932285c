import { describe, expect, it } from "vitest";
import { z } from "zod";
import { utf8 } from "../encoding.ts";
import { sign } from "../standard/sign.ts";
import type { ReceivedEvent } from "./event.ts";
import { createReceiver, type ReceiverFailure, type ReceiverSettings } from "./receiver.ts";
import type { WebhookSource } from "./source.ts";
import { standardWebhooks } from "./standard-source.ts";
import { type DeliveryStore, memoryStore } from "./store.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PAID = { type: "invoice.paid", timestamp: "2026-01-02T03:04:05Z", data: { amount: 1 } };

async function request(payload: unknown = PAID, id = "msg_1") {
  const body = utf8(typeof payload === "string" ? payload : JSON.stringify(payload));
  return { method: "POST", url: "https://a.test/hooks", headers: await sign({ id, body }, SECRET), body };
}

function receiverWith(
  handle: (event: ReceivedEvent) => unknown,
  settings: Partial<ReceiverSettings> = {},
): { receive: ReturnType<typeof createReceiver>["receive"]; failures: ReceiverFailure[] } {
  const failures: ReceiverFailure[] = [];
  const onError = (failure: ReceiverFailure) => void failures.push(failure);
  const { receive } = createReceiver({ source: standardWebhooks(SECRET), onError, handle, ...settings });
  return { receive, failures };
}

/** A promise and its resolve function, to stop a handler at a known point. */
function gate() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe("the handler receives", () => {
  it("type, payload, id, time, and what was verified", async () => {
    const events: ReceivedEvent[] = [];
    const { receive } = receiverWith((event) => events.push(event));
    expect(await receive(await request())).toEqual({ status: 200, headers: {}, body: "" });
    expect(events).toMatchObject([
      {
        type: "invoice.paid",
        payload: PAID,
        id: "msg_1",
        occurredAt: new Date("2026-01-02T03:04:05Z"),
        verified: { scheme: "standard-webhooks" },
      },
    ]);
  });

  it.each(["not json", "[1]", '"text"', "null", ""])(
    "a body that is not an object, %j, without a type",
    async (body) => {
      const events: ReceivedEvent[] = [];
      const { receive } = receiverWith((event) => events.push(event));
      expect(await receive(await request(body))).toMatchObject({ status: 200 });
      expect(events).toMatchObject([{ type: "", occurredAt: undefined }]);
    },
  );
});

describe("deduplication", () => {
  it("handles a delivery once, however often it arrives", async () => {
    let count = 0;
    const { receive } = receiverWith(() => (count += 1));
    for (let round = 0; round < 3; round += 1) {
      expect(await receive(await request())).toMatchObject({ status: 200 });
    }
    expect(await receive(await request(PAID, "msg_2"))).toMatchObject({ status: 200 });
    expect(count).toBe(2);
  });

  it("handles a delivery again after a failure", async () => {
    let count = 0;
    const { receive, failures } = receiverWith(() => {
      count += 1;
      if (count === 1) throw new Error("database gone");
    });
    expect(await receive(await request())).toMatchObject({ status: 500, body: '{"error":{"code":"handler_failed"}}' });
    expect(failures).toMatchObject([{ stage: "handler", error: { message: "database gone" } }]);
    expect(await receive(await request())).toMatchObject({ status: 200 });
    expect(count).toBe(2);
  });

  it("asks duplicates to retry while the first delivery is still being handled, so that its failure loses nothing", async () => {
    const { opened, open } = gate();
    const { receive } = receiverWith(() => opened);
    const first = receive(await request());
    expect(await receive(await request())).toMatchObject({ status: 409, headers: { "retry-after": "30" } });
    open();
    expect(await first).toMatchObject({ status: 200 });
    expect(await receive(await request())).toMatchObject({ status: 200 });
  });

  it("releases the claim of a crashed process after claimSeconds", async () => {
    let now = 0;
    const store = memoryStore({ now: () => now });
    const dead = receiverWith(() => new Promise(() => undefined), { store, claimSeconds: 60 });
    void dead.receive(await request());
    await expect.poll(() => store.get("standard:msg_1")).toBe("claimed");
    const events: ReceivedEvent[] = [];
    const { receive } = receiverWith((event) => events.push(event), { store });
    now = 59_999;
    expect(await receive(await request())).toMatchObject({ status: 409 });
    now = 60_000;
    expect(await receive(await request())).toMatchObject({ status: 200 });
    expect(events).toHaveLength(1);
  });

  it("remembers for rememberSeconds", async () => {
    let now = 0;
    let count = 0;
    const { receive } = receiverWith(() => (count += 1), {
      store: memoryStore({ now: () => now }),
      rememberSeconds: 10,
    });
    await receive(await request());
    now = 10_000;
    await receive(await request());
    expect(count).toBe(2);
  });

  it("is off with a store of null", async () => {
    let count = 0;
    const { receive } = receiverWith(() => (count += 1), { store: null });
    await receive(await request());
    await receive(await request());
    expect(count).toBe(2);
  });

  it("responds with 503 without running the handler when the store is down", async () => {
    const down = () => Promise.reject(new Error("no redis"));
    const store: DeliveryStore = { setIfAbsent: down, set: down, get: down, delete: down };
    let count = 0;
    const { receive, failures } = receiverWith(() => (count += 1), { store });
    expect(await receive(await request())).toMatchObject({ status: 503, headers: { "retry-after": "30" } });
    expect([count, failures[0]?.stage]).toEqual([0, "store"]);
  });
});

describe("replays under another id", () => {
  const source: WebhookSource = {
    name: "github",
    receive: async ({ headers }) => ({
      kind: "event",
      verified: { ok: true, scheme: "hmac", secretIndex: 0, id: undefined, signedAt: undefined },
      event: { type: "push", id: "x", occurredAt: undefined, payload: {} },
      deduplicationKey: `github:${(headers as { id: string }).id}`,
      idUnsigned: true,
      reply: { status: 200, headers: {}, body: "" },
    }),
  };
  const delivery = (id: string, body = "{}") => ({ method: "POST", url: "", headers: { id }, body: utf8(body) });

  it("are refused where the id is not signed", async () => {
    let count = 0;
    const { receive, failures } = receiverWith(() => (count += 1), { source });
    expect(await receive(delivery("1"))).toMatchObject({ status: 200 });
    expect(await receive(delivery("2"))).toMatchObject({ status: 409 });
    expect(failures).toMatchObject([{ error: { code: "replayed" } }]);
    expect(await receive(delivery("1"))).toMatchObject({ status: 200 });
    expect(await receive(delivery("3", "{ }"))).toMatchObject({ status: 200 });
    expect(count).toBe(2);
  });

  it("do not prevent a retry after a failure", async () => {
    let count = 0;
    const { receive } = receiverWith(
      () => {
        count += 1;
        if (count === 1) throw new Error("once");
      },
      { source },
    );
    expect(await receive(delivery("1"))).toMatchObject({ status: 500 });
    expect(await receive(delivery("1"))).toMatchObject({ status: 200 });
  });

  it("pass when the check is off or there is no body", async () => {
    const { receive } = receiverWith(() => undefined, { source, rejectReplays: false });
    await receive(delivery("1"));
    expect(await receive(delivery("2"))).toMatchObject({ status: 200 });
    const empty = receiverWith(() => undefined, { source });
    await empty.receive(delivery("1", ""));
    expect(await empty.receive(delivery("2", ""))).toMatchObject({ status: 200 });
  });
});

describe("acknowledging", () => {
  it("before: responds immediately, keeps the handler running, and releases the delivery when it fails", async () => {
    const { opened, open } = gate();
    const kept: Promise<unknown>[] = [];
    let count = 0;
    const { receive, failures } = receiverWith(
      async () => {
        count += 1;
        await opened;
        if (count === 1) throw new Error("late");
      },
      { acknowledge: "before" },
    );
    const context = { waitUntil: (work: Promise<unknown>) => void kept.push(work) };
    expect(await receive(await request(), context)).toMatchObject({ status: 200 });
    expect(kept).toHaveLength(1);
    open();
    await Promise.all(kept);
    expect(failures).toMatchObject([{ stage: "handler" }]);
    expect(await receive(await request())).toMatchObject({ status: 200 });
    await expect.poll(() => count).toBe(2);
  });

  it("a number: 202 for a slow handler, the real response for a fast one", async () => {
    const slow = receiverWith(() => new Promise(() => undefined), { acknowledge: 5000, delay: async () => undefined });
    expect(await slow.receive(await request())).toMatchObject({ status: 202 });
    const never = () => new Promise<void>(() => undefined);
    const quick = receiverWith(() => undefined, { acknowledge: 5000, delay: never });
    expect(await quick.receive(await request())).toMatchObject({ status: 200 });
  });
});

describe("schemas", () => {
  const events = { "invoice.paid": z.object({ data: z.object({ amount: z.number().transform(String) }) }) };

  it("pass the validated payload to the handler", async () => {
    const amounts: string[] = [];
    const { receive } = createReceiver({
      source: standardWebhooks(SECRET),
      events,
      handle: (event) => void amounts.push(event.payload.data.amount),
    });
    expect(await receive(await request())).toMatchObject({ status: 200 });
    expect(amounts).toEqual(["1"]);
  });

  it("refuse an invalid payload with 422 and the position, and do not claim it", async () => {
    let count = 0;
    const failures: ReceiverFailure[] = [];
    const { receive } = createReceiver({
      source: standardWebhooks(SECRET),
      events,
      handle: () => (count += 1),
      onError: (failure) => void failures.push(failure),
    });
    const wrong = { ...PAID, data: { amount: "1" } };
    expect(await receive(await request(wrong))).toMatchObject({ status: 422 });
    expect(failures).toMatchObject([{ error: { code: "event_invalid", details: { field: "data.amount" } } }]);
    expect(await receive(await request())).toMatchObject({ status: 200 });
    expect(count).toBe(1);
  });

  it("ignore an unknown type, or reject it", async () => {
    const settings = { source: standardWebhooks(SECRET), events, handle: () => expect.unreachable() };
    const other = { type: "constructor" };
    expect(await createReceiver(settings).receive(await request(other))).toMatchObject({ status: 200 });
    const strict = createReceiver({ ...settings, unknownEvents: "reject" });
    expect(await strict.receive(await request(other))).toMatchObject({ status: 422 });
  });
});

describe("handshakes that require an action besides the response", () => {
  const reply = { status: 200, headers: {}, body: "" };
  const action = { kind: "store-secret", secret: "s" } as const;
  const source: WebhookSource = { name: "asana", receive: async () => ({ kind: "handshake", reply, action }) };

  it("are answered after the action succeeds", async () => {
    const done: unknown[] = [];
    const onHandshake = async (asked: unknown) => {
      await Promise.resolve();
      done.push(asked);
    };
    const { receive } = receiverWith(() => expect.unreachable(), { source, onHandshake });
    expect([await receive(await request()), done]).toEqual([reply, [action]]);
  });

  it("are asked to retry if the action fails", async () => {
    const onHandshake = () => Promise.reject(new Error("vault down"));
    const { receive, failures } = receiverWith(() => expect.unreachable(), { source, onHandshake });
    expect(await receive(await request())).toMatchObject({ status: 503 });
    expect(failures).toMatchObject([{ error: { message: "vault down" } }]);
  });

  it("are rejected without a handler for them", async () => {
    const { receive, failures } = receiverWith(() => expect.unreachable(), { source });
    expect(await receive(await request())).toMatchObject({ status: 500 });
    expect(failures).toMatchObject([{ error: { code: "config_missing" } }]);
  });
});

describe("rejected requests", () => {
  it("have status 405 for methods other than POST", async () => {
    const { receive } = receiverWith(() => expect.unreachable());
    const get = { ...(await request()), method: "GET" };
    expect(await receive(get)).toMatchObject({ status: 405, headers: { allow: "POST" } });
  });

  it("never reveal an expected or received signature", async () => {
    const { receive } = receiverWith(() => expect.unreachable());
    const good = await request();
    const reply = await receive({ ...good, body: utf8("{}") });
    expect(reply.status).toBe(401);
    const { "webhook-signature": signature = "" } = good.headers;
    expect(reply.body).not.toContain(signature.slice(3));
  });
});
