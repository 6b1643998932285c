/** How Posthorn connects to a broker, whether it sends to it or reads from it: the same fields and checks for both kinds. */
import type { BooleanField, TextField, UrlField } from "../../fields/field.ts";
import { choice, clientCertificateProblem, PASSWORD, TLS_FIELDS, USERNAME } from "./connection-fields.ts";

const BROKERS = "[^\\s,:/]+(?::\\d{1,5})?|\\[[0-9a-fA-F:]+\\](?::\\d{1,5})?";

export const KAFKA_BROKERS = {
  type: "text",
  label: "Bootstrap brokers",
  help: "Hosts and ports of one or more brokers, separated by commas. The other brokers that these advertise are contacted too.",
  required: true,
  secret: false,
  isTarget: true,
  maxLength: 2000,
  pattern: `(?:${BROKERS})(?:, ?(?:${BROKERS}))*`,
  example: "broker-1.example.com:9092,broker-2.example.com:9092",
} as const satisfies TextField;

export const KAFKA_SECURITY = {
  tls: {
    type: "boolean",
    label: "TLS",
    help: "Turn on if the brokers use TLS (security protocol SSL or SASL_SSL).",
    required: false,
    secret: false,
    default: true,
    isTarget: true,
  } as const satisfies BooleanField,
  saslMechanism: choice({
    label: "SASL mechanism",
    help: "How to authenticate. Choose none for listeners without authentication or with client certificates.",
    choices: ["none", "plain", "scram-sha-256", "scram-sha-512"],
    default: "none",
  }),
  username: USERNAME,
  password: PASSWORD,
  ...TLS_FIELDS,
};

export const KAFKA_CLIENT = {
  packages: ["@platformatic/kafka@2"],
  ports: [9092, 9093, 9094, 9095, 9096, 9097, 9098],
} as const;

type ClientCertificate = Parameters<typeof clientCertificateProblem>[0];

interface Account extends ClientCertificate {
  readonly username: string | null;
}

interface KafkaAccount extends Account {
  readonly saslMechanism: string;
  readonly password: string | null;
}

export function kafkaSecurityProblem(config: KafkaAccount) {
  const { saslMechanism, username, password } = config;
  if (saslMechanism !== "none") {
    if (username === null) return { field: "username", problem: "SASL needs a user name." } as const;
    if (password === null) return { field: "password", problem: "SASL needs a password." } as const;
  }
  return clientCertificateProblem(config);
}

export const NATS_SERVERS = {
  type: "text",
  label: "Servers",
  help: "Hosts and ports of one or more servers, separated by commas. Servers that these announce are not used.",
  required: true,
  secret: false,
  isTarget: true,
  maxLength: 2000,
  pattern: "[^\\s,/]+(?:, ?[^\\s,/]+)*",
  example: "nats.example.com:4222",
} as const satisfies TextField;

export const NATS_SECURITY = {
  tls: {
    type: "boolean",
    label: "TLS",
    help: "Turn on to require TLS.",
    required: false,
    secret: false,
    default: true,
    isTarget: true,
  } as const satisfies BooleanField,
  username: USERNAME,
  password: PASSWORD,
  token: {
    type: "text",
    label: "Token",
    help: "Token of servers that authenticate by token.",
    required: false,
    secret: true,
    maxLength: 1024,
  } as const satisfies TextField,
  nkeySeed: {
    type: "text",
    label: "NKey seed",
    help: "Seed of a user's NKey. It starts with SU.",
    required: false,
    secret: true,
    maxLength: 256,
    pattern: "SU[A-Z2-7]{56}",
    example: "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY",
  } as const satisfies TextField,
  credentials: {
    type: "text",
    label: "Credentials file",
    help: "Contents of a .creds file with a user's JWT and seed.",
    required: false,
    secret: true,
    multiline: true,
    maxLength: 10_000,
  } as const satisfies TextField,
  ...TLS_FIELDS,
};

export const NATS_CLIENT = {
  packages: ["@nats-io/transport-node@3", "@nats-io/jetstream@3"],
  ports: [4222, 4223, 4443],
} as const;

interface NatsAccount extends Account {
  readonly token: string | null;
  readonly nkeySeed: string | null;
  readonly credentials: string | null;
}

export function natsSecurityProblem(config: NatsAccount) {
  const { username, token, nkeySeed, credentials } = config;
  const given = [username, token, nkeySeed, credentials].filter((value) => value !== null);
  if (given.length > 1) {
    return {
      field: "username",
      problem: "Enter only one of user name, token, NKey seed and credentials file.",
    } as const;
  }
  return clientCertificateProblem(config);
}

export const AMQP_URL = {
  type: "url",
  label: "URL",
  help: "Protocol, host and port of the broker. Use amqps for TLS.",
  required: true,
  secret: false,
  isTarget: true,
  schemes: ["amqp:", "amqps:"],
  example: "amqps://broker.example.com:5671",
} as const satisfies UrlField;

export const AMQP_SECURITY = {
  username: {
    ...USERNAME,
    help: "User name for SASL PLAIN. Leave it empty for ANONYMOUS, or EXTERNAL with a client certificate.",
  },
  password: PASSWORD,
  ...TLS_FIELDS,
} as const;

export const AMQP_CLIENT = { packages: ["rhea@3"], ports: [5671, 5672], check: clientCertificateProblem } as const;

/** Address that messages are sent to or read from. */
export function amqpTarget({ url, address }: { readonly url: string; readonly address: string }): string {
  return `${url.replace(/\/$/, "")}/${address.replace(/^\//, "")}`;
}

export const RABBITMQ_URI = {
  type: "url",
  label: "URI",
  help: "AMQP URI with user name, password and virtual host. It is stored encrypted and never shown again.",
  required: true,
  secret: true,
  isTarget: true,
  schemes: ["amqp:", "amqps:"],
  example: "amqps://user:password@rabbitmq.example.com/vhost",
} as const satisfies UrlField;

export const RABBITMQ_CLIENT = {
  packages: ["amqplib@2"],
  ports: [5671, 5672],
  check: clientCertificateProblem,
} as const;

export const REDIS_URL = {
  type: "url",
  label: "URL",
  help: "Protocol, host, port and database number of the server. Use rediss for TLS.",
  required: true,
  secret: false,
  isTarget: true,
  schemes: ["redis:", "rediss:"],
  example: "rediss://redis.example.com:6379/0",
} as const satisfies UrlField;

export const MQTT_URL = {
  type: "url",
  label: "URL",
  help: "Protocol, host and port of the broker. Use mqtts for TLS.",
  required: true,
  secret: false,
  isTarget: true,
  schemes: ["mqtt:", "mqtts:"],
  example: "mqtts://mqtt.example.com:8883",
} as const satisfies UrlField;
