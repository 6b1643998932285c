/**
 * Runs the conformance suite for the kinds with their own connection, between delivery and the connector thread: outcomes, limits, masking,
 * timeouts and ordering. The drivers themselves run against real brokers in `test/counterparts`, Redis here as well (`connection.test.ts`).
 */
import { ConnectionDestination } from "../../src/destinations/connections/connection-destination.ts";
import type { ConnectorRequest, ConnectorResult } from "../../src/destinations/connections/connector.ts";
import type { ThreadResult } from "../../src/destinations/connections/protocol.ts";
import { checkConfig, secretsOf } from "../../src/fields/config.ts";
import type { ItemResult, KindConfig, KindMessage } from "../../src/destinations/kind.ts";
import { kindNamed } from "../../src/destinations/kinds.ts";
import { Directory } from "../../src/domain/directory.ts";
import type { DirectoryEndpoint } from "../../src/domain/directory-endpoint.ts";
import { insertEndpoint, POLICY_DEFAULTS, servicesOver } from "../support/services.ts";
import { openStore } from "../support/store.ts";
import { EXCEPTIONS } from "./conformance.ts";
import { type Behaviour, type DestinationBench, destinationSuite, type ReceivedMessage } from "./destination.suite.ts";

const PASSWORD = "password-that-must-stay-secret";
const HEADER_SECRET = "header-that-must-stay-secret";
const ACCOUNT = { username: "posthorn", password: PASSWORD } as const;

const CONFIGS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  kafka: { ...ACCOUNT, brokers: "kafka.example.com:9092", topic: "events", saslMechanism: "scram-sha-256" },
  rabbitMq: { uri: `amqps://posthorn:${PASSWORD}@rabbit.example.com`, routingKey: "events" },
  amqp: { ...ACCOUNT, url: "amqps://amqp.example.com", address: "events" },
  nats: { ...ACCOUNT, servers: "nats.example.com:4222", subject: "events" },
  redis: { ...ACCOUNT, url: "rediss://redis.example.com", stream: "events" },
  mqtt: { ...ACCOUNT, url: "mqtts://mqtt.example.com", topic: "events" },
  postgres: { ...ACCOUNT, url: "postgres://postgres.example.com/app", tableName: "events" },
  smtp: { ...ACCOUNT, host: "smtp.example.com", from: "a@example.com", to: "b@example.com" },
};

const ITEMS: Readonly<Partial<Record<Behaviour, ItemResult>>> = {
  accepts: { kind: "ok", reference: "reference-1" },
  fails: { kind: "retry", code: "target_unavailable", sentence: "The target is busy." },
  asks_to_wait: { kind: "later", code: "rate_limited", sentence: "The quota is used up.", afterMs: 30_000 },
  refuses: { kind: "refused", code: "message_invalid", sentence: "The target refused the content." },
  is_closed: { kind: "closed", code: "target_not_found", sentence: "The queue does not exist." },
  breaks_off: { kind: "retry", code: "connection_failed", sentence: "The target closed the connection." },
  rejects_credentials: { kind: "closed", code: "credentials_refused", sentence: "The target refused the credentials." },
  has_it_already: { kind: "ok", reference: "reference-1", isDuplicate: true },
};
const REFUSED: ItemResult = {
  kind: "retry",
  code: "connection_failed",
  sentence: "The target refused the connection. Check that it is running.",
};
const FACTS = { connectMs: 1, peer: "192.0.2.1:1" } as const;

/** The connector thread, as used by a kind with this behaviour. */
class StandIn {
  readonly received: ReceivedMessage[] = [];
  behaviour: Behaviour = "accepts";
  unreachable: KindConfig | null = null;

  readonly send = async (request: ConnectorRequest): Promise<ConnectorResult> => {
    const { messages, config, maySend } = request;
    if (config === this.unreachable) return allItems(messages, () => REFUSED);
    if (!maySend()) return { kind: "canceled" };
    for (const { id, body, orderingKey } of messages)
      this.received.push({ messageId: id, body: Buffer.from(body), orderingKey });
    if (this.behaviour === "hangs") return silence(request);
    if (this.behaviour === "echoes") {
      return allItems(messages, ({ attributes }) => {
        const sentence = `The target said: ${JSON.stringify([config, attributes])}.`;
        return { kind: "retry", code: "protocol_error", sentence };
      });
    }
    return allItems(messages, () => ITEMS[this.behaviour]!);
  };
}

function allItems(messages: readonly KindMessage[], resultOf: (message: KindMessage) => ItemResult): ThreadResult {
  return { kind: "items", results: messages.map(resultOf), facts: FACTS };
}

function silence({ timeoutMs, signal }: ConnectorRequest): Promise<ConnectorResult> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ kind: "timeout" }), timeoutMs);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve({ kind: "canceled" });
    });
  });
}

async function endpointOf(
  stack: AsyncDisposableStack,
  kind: string,
  requestTimeoutMs: number,
): Promise<DirectoryEndpoint> {
  const { store } = stack.use(await openStore());
  const { services } = servicesOver(store);
  const declaration = kindNamed(kind)!;
  const checked = checkConfig(declaration, CONFIGS[kind]!, null);
  if (checked.kind === "invalid") throw new Error(JSON.stringify(checked.problems));
  const { config } = checked;
  await insertEndpoint(services, declaration.target(config), { "x-api-key": HEADER_SECRET });
  const config_sealed = services.secretBox.seal(JSON.stringify(config), "endpoint.config_sealed 1");
  await store.transaction(({ db }) => db.updateTable("endpoint").set({ kind, config_sealed }).execute());
  const { secretBox, now } = services;
  const policyDefaults = { ...POLICY_DEFAULTS, requestTimeoutMs };
  return (await new Directory({ store, secretBox, now, policyDefaults }).endpoint(1))!;
}

async function open(kind: string, timeoutMs: number): Promise<DestinationBench> {
  const stack = new AsyncDisposableStack();
  const endpoint = await endpointOf(stack, kind, timeoutMs);
  const unreachable = await endpointOf(stack, kind, timeoutMs);
  const standIn = new StandIn();
  standIn.unreachable = unreachable.config;
  const over = (connector: Pick<StandIn, "send">) =>
    new ConnectionDestination({ connector, now: Date.now, families: ["webhook"] });
  const down = { kind: "own_fault", code: "connector_down", detail: "the thread ended" } as const;
  return {
    destination: over(standIn),
    broken: over({ send: () => Promise.resolve(down) }),
    endpoint,
    unreachable,
    secrets: [HEADER_SECRET, PASSWORD, ...secretsOf(kindNamed(kind)!, endpoint.config!)],
    received: standIn.received,
    behave: (behaviour) => {
      standIn.behaviour = behaviour;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

for (const kind of Object.keys(CONFIGS)) {
  destinationSuite({
    kind,
    open: (timeoutMs) => open(kind, timeoutMs),
    without: Object.keys(EXCEPTIONS[kind]!) as Behaviour[],
    maxBodyBytes: kindNamed(kind)!.limits.bodyBytes,
  });
}
