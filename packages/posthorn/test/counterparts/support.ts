/** Sends messages through a real connector thread, without the rest of a node. */
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { createServer } from "node:tls";
import { Egress, parseAllowList } from "@posthorn/egress";
import type { CounterpartTls } from "@posthorn/testkit/counterparts";
import { expect } from "vitest";
import {
  Connector,
  type ConnectorOptions,
  type ConnectorResult,
} from "../../src/destinations/connections/connector.ts";
import { vetWith } from "../../src/destinations/connections/vet.ts";
import type { VetResult } from "../../src/destinations/connections/protocol.ts";
import type { AnyKind, ItemResult, KindConfig, KindMessage } from "../../src/destinations/kind.ts";
import { DESTINATION_KINDS } from "../../src/destinations/kinds.ts";

export interface SendOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly maySend?: () => boolean;
  readonly tenant?: number;
}

export interface TestConnector extends AsyncDisposable {
  readonly connector: Connector;
  /** Sends to a destination of this kind. Missing values have their defaults. */
  send(
    kind: string,
    config: Readonly<Record<string, unknown>>,
    message: KindMessage,
    options?: SendOptions,
  ): Promise<ConnectorResult>;
}

/** Loading the client of a broker takes long on a busy machine. */
const LONG_MS = 120_000;

export function openConnector(options: Partial<ConnectorOptions> = {}, allow = "loopback"): TestConnector {
  const egress = new Egress({ allow: parseAllowList(allow) });
  const connector = new Connector({ vet: vetWith(egress), onError: () => undefined, ...options });
  const configs = new Map<string, KindConfig>();
  return {
    connector,
    send: (
      kind,
      values,
      message,
      { timeoutMs = LONG_MS, signal = new AbortController().signal, maySend = () => true, tenant = 1 } = {},
    ) => {
      const key = JSON.stringify([kind, values]);
      const config = configs.get(key) ?? complete(DESTINATION_KINDS[kind]!, values);
      configs.set(key, config);
      return connector.send({ kind, config, tenant, allow: null, messages: [message], timeoutMs, signal, maySend });
    },
    [Symbol.asyncDispose]: async () => {
      await connector[Symbol.asyncDispose]();
      await egress.close();
    },
  };
}

function complete(kind: AnyKind, values: Readonly<Record<string, unknown>>): KindConfig {
  const entries = Object.entries(kind.fields).map(([name, field]) => [name, values[name] ?? field.default ?? null]);
  return Object.fromEntries(entries) as KindConfig;
}

let lastMessage = 0;

export function messageOf(body: string | Uint8Array = '{"n": 1.0}', changes: Partial<KindMessage> = {}): KindMessage {
  const id = changes.id ?? `msg_${process.pid}_${++lastMessage}`;
  return {
    id,
    eventType: "invoice.paid",
    eventId: "evt_1",
    orderingKey: "customer-7",
    channels: [],
    createdAt: Date.UTC(2026, 0, 2, 3, 4, 5),
    contentType: "application/json",
    body: typeof body === "string" ? Buffer.from(body) : body,
    attributes: [
      ["webhook-id", id],
      ["webhook-timestamp", "1767323045"],
      ["webhook-signature", "v1,signature"],
    ],
    isTest: false,
    ...changes,
  };
}

/** A body with all bytes, which no text encoding preserves by chance. */
export const ALL_BYTES = Uint8Array.from({ length: 512 }, (_, index) => index % 256);

export function accepted(result: ConnectorResult): Extract<ItemResult, { kind: "ok" }> {
  expect(result).toMatchObject({ kind: "items", results: [{ kind: "ok" }] });
  return (result as { readonly results: readonly Extract<ItemResult, { kind: "ok" }>[] }).results[0]!;
}

/** Expects a failure of this kind with this code, and an error sentence for users. */
export function rejected(
  result: ConnectorResult,
  kind: "retry" | "later" | "refused" | "closed",
  code: string,
): string {
  expect(result).toMatchObject({ kind: "items", results: [{ kind, code }] });
  const { sentence } = (result as { readonly results: readonly { readonly sentence: string }[] }).results[0]!;
  expect(sentence).toMatch(/^[A-Z].*\.$/s);
  return sentence;
}

/** A TLS server in front of a port. @returns Its port. */
export async function terminated(
  stack: AsyncDisposableStack,
  port: number,
  { cert, key }: Pick<CounterpartTls, "cert" | "key">,
): Promise<number> {
  const server = createServer({ cert, key }, (socket) => {
    const inner = connect(port, "127.0.0.1");
    socket.pipe(inner).pipe(socket);
    socket.on("error", () => inner.destroy());
    inner.on("error", () => socket.destroy());
  });
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stack.defer(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Every name resolves to this machine, so that a certificate can be for another name. */
export const toThisMachine = (): Promise<VetResult> =>
  Promise.resolve({ allowed: true, addresses: [{ address: "127.0.0.1", family: 4 }], relay: null });
