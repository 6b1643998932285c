/** Listeners by kind of source. Each file imports the client of its protocol, which is an optional package, so it is loaded on first use. */
import type { Listener } from "./listeners/listener.ts";

const LOADERS: Readonly<Record<string, () => Promise<Listener>>> = {
  imap: async () => (await import("./listeners/imap.ts")).imapListener,
  mqtt: async () => (await import("./listeners/mqtt.ts")).mqttListener,
  rabbitMq: async () => (await import("./listeners/rabbitmq.ts")).rabbitMqListener,
  amqp: async () => (await import("./listeners/amqp.ts")).amqpListener,
  kafka: async () => (await import("./listeners/kafka.ts")).kafkaListener,
  nats: async () => (await import("./listeners/nats.ts")).natsListener,
  redis: async () => (await import("./listeners/redis.ts")).redisListener,
};

/** `null`: the kind is read over HTTP. Rejects if the package is missing. */
export async function loadListener(kind: string): Promise<Listener | null> {
  return Object.hasOwn(LOADERS, kind) ? LOADERS[kind]!() : null;
}
