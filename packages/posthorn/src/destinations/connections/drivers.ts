/** Drivers by kind. Each file imports the client of its protocol, which is an optional package, so it is loaded on first use. */
import type { Driver } from "./driver.ts";

const LOADERS: Readonly<Record<string, () => Promise<Driver>>> = {
  kafka: async () => (await import("./drivers/kafka.ts")).kafkaDriver,
  rabbitMq: async () => (await import("./drivers/rabbitmq.ts")).rabbitMqDriver,
  amqp: async () => (await import("./drivers/amqp.ts")).amqpDriver,
  nats: async () => (await import("./drivers/nats.ts")).natsDriver,
  redis: async () => (await import("./drivers/redis.ts")).redisDriver,
  mqtt: async () => (await import("./drivers/mqtt.ts")).mqttDriver,
  postgres: async () => (await import("./drivers/postgres.ts")).postgresDriver,
  smtp: async () => (await import("./drivers/smtp.ts")).smtpDriver,
};

/** The client of a kind is not installed on this node. */
export class ConnectorMissing extends Error {
  readonly code = "connector_missing";
}

export async function loadDriver(kind: string): Promise<Driver> {
  const load = LOADERS[kind];
  if (load === undefined) throw new ConnectorMissing(`there is no driver for ${kind}`);
  try {
    return await load();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw error;
    throw new ConnectorMissing((error as Error).message);
  }
}
