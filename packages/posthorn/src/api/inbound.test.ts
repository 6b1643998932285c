import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import type { Gateway } from "../ingest/gateway.ts";
import type { InboundResponse } from "../ingest/inbound-response.ts";
import { InboundLimits } from "../ingest/limits.ts";
import type { LiveSource } from "../ingest/live-source.ts";
import { receiveInbound } from "./inbound.ts";

const SOURCE = 1;
/** Body bytes that one source may have in memory. */
const ALL_BYTES = 64 * 1024 * 1024;
const ACCEPTED: InboundResponse = { status: 200, headers: {}, body: "" };
const BODY = Buffer.from("body");

type Receive = () => Promise<InboundResponse>;

/** Receives a request with a gateway of which only `receive` matters. */
function receive(limits: InboundLimits, body: Buffer | IncomingMessage, received: Receive): Promise<InboundResponse> {
  const gateway = {
    known: () => ({ key: SOURCE }) as LiveSource,
    admit: () => null,
    maxBodyBytes: () => 1024,
    limits,
    receive: received,
  } as unknown as Gateway;
  const raw = { url: "/in/x", method: "POST", headers: {}, rawHeaders: [], httpVersionMajor: 1, httpVersionMinor: 1 };
  const request = { ...raw, socket: { destroyed: false } };
  return receiveInbound(gateway, { raw: request, body, token: "x", address: "127.0.0.1" });
}

function streamed(body: Buffer): IncomingMessage {
  const stream = Object.assign(new PassThrough(), { headers: {}, complete: true });
  stream.end(body);
  return stream as unknown as IncomingMessage;
}

const failing: Receive = () => Promise.reject(new Error("broken"));
const throwing: Receive = () => {
  throw new Error("broken");
};

it.each([
  ["is accepted", BODY, () => Promise.resolve(ACCEPTED), 200],
  ["cannot be stored", BODY, failing, "broken"],
  ["fails at once", BODY, throwing, "broken"],
  ["is read from a stream", streamed(BODY), () => Promise.resolve(ACCEPTED), 200],
  ["is read from a stream and cannot be stored", streamed(BODY), failing, "broken"],
  ["is read from a stream and fails at once", streamed(BODY), throwing, "broken"],
  ["is too large", Buffer.alloc(1025), () => Promise.resolve(ACCEPTED), 413],
])("the memory of a request that %s is reserved until the response", async (_, body, received, expected) => {
  const limits = new InboundLimits(() => 0);
  let isReserved = false;
  const outcome = receive(limits, body, () => {
    isReserved = !limits.takeBytes(SOURCE, ALL_BYTES);
    return received();
  });
  const settled = outcome.then(
    ({ status }) => status,
    ({ message }: Error) => message,
  );
  expect(await settled).toBe(expected);
  expect(isReserved).toBe(expected !== 413);
  expect(limits.takeBytes(SOURCE, ALL_BYTES)).toBe(true);
});
