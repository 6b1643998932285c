/** A process that was suspended does not send outdated requests when it resumes. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { Egress, parseAllowList } from "../src/index.ts";
import type { EgressOptions, EgressRequest, EgressResult } from "../src/index.ts";
import { CLIENT } from "./client.ts";

/** A receiver that counts requests and responds to each when the test calls it. */
async function startReceiver() {
  const responses: (() => void)[] = [];
  const waiting: (() => void)[] = [];
  const server = createServer((_request, response) => {
    responses.push(() => response.end("ok"));
    waiting.splice(0).forEach((tell) => tell());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    answers: responses,
    url: `http://a.customer.com:${(server.address() as AddressInfo).port}/`,
    async requests(count: number): Promise<void> {
      while (responses.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A client whose clock and name service the test controls. */
function openClient(options: EgressOptions = {}) {
  const clock = { now: 0 };
  let looked: PromiseWithResolvers<void> | null = null;
  const egress = new Egress({
    client: CLIENT,
    allow: parseAllowList("loopback"),
    now: () => clock.now,
    nameService: {
      query: async (_host, family) => {
        await looked?.promise;
        return { addresses: family === 4 ? ["127.0.0.1"] : [], ttl: 60 };
      },
      probe: () => Promise.resolve(),
      system: () => Promise.resolve(["127.0.0.1"]),
      cancel: () => undefined,
    },
    ...options,
  });
  /** Delays the reply of the name service until the returned function is called. */
  const holdNames = (): (() => void) => {
    const held = (looked = Promise.withResolvers<void>());
    return () => held.resolve();
  };
  return { egress, clock, holdNames };
}

function send(egress: Egress, url: string, more: Partial<EgressRequest> = {}): Promise<EgressResult> {
  const body = Buffer.from("{}");
  return egress.send({ method: "POST", url, headers: [], body, timeoutMs: 15_000, maxResponseBytes: 1000, ...more });
}

describe("a request whose deadline passed while the process was suspended", () => {
  test("in a DNS look-up is not sent", async () => {
    await using receiver = await startReceiver();
    const { egress, clock, holdNames } = openClient();
    await using _ = egress;
    const found = holdNames();
    const result = send(egress, receiver.url);
    clock.now += 40_000;
    found();
    expect(await result).toMatchObject({ kind: "error", code: "stalled", fault: "ours" });
    expect(receiver.answers).toHaveLength(0);
  });

  test("while it waited for a connection of the pool is not sent, and the connection serves the next one", async () => {
    await using receiver = await startReceiver();
    const { egress, clock } = openClient({ maxSockets: 1 });
    await using _ = egress;
    const first = send(egress, receiver.url);
    await receiver.requests(1);
    const late = send(egress, receiver.url);
    clock.now += 40_000;
    const after = send(egress, receiver.url);
    receiver.answers[0]!();
    expect(await first).toMatchObject({ kind: "response", status: 200 });
    expect(await late).toMatchObject({ code: "stalled" });
    await receiver.requests(2);
    receiver.answers[1]!();
    expect(await after).toMatchObject({ kind: "response", status: 200 });
    expect(receiver.answers).toHaveLength(2);
  });

  test("is sent when the deadline has not passed, however late it is", async () => {
    await using receiver = await startReceiver();
    const { egress, clock, holdNames } = openClient();
    await using _ = egress;
    const found = holdNames();
    const result = send(egress, receiver.url);
    clock.now += 14_000;
    found();
    await receiver.requests(1);
    receiver.answers[0]!();
    expect(await result).toMatchObject({ kind: "response", status: 200 });
  });
});

describe("a request whose caller no longer allows it", () => {
  test("is not written if the caller withdraws it before", async () => {
    await using receiver = await startReceiver();
    const { egress, holdNames } = openClient();
    await using _ = egress;
    const found = holdNames();
    let maySend = true;
    const result = send(egress, receiver.url, { maySend: () => maySend });
    maySend = false;
    found();
    expect(await result).toMatchObject({ kind: "error", code: "canceled", fault: "canceled" });
    expect(receiver.answers).toHaveLength(0);
  });

  test("is completed once it has been written", async () => {
    await using receiver = await startReceiver();
    const { egress } = openClient();
    await using _ = egress;
    let maySend = true;
    const result = send(egress, receiver.url, { maySend: () => maySend });
    await receiver.requests(1);
    maySend = false;
    receiver.answers[0]!();
    expect(await result).toMatchObject({ kind: "response", status: 200 });
  });
});
