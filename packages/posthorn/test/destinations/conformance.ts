/** Where each kind runs the conformance suite, and which tests it skips for which reason. */
/** How the stand-in treats the next messages. */
export type Behaviour =
  | "accepts"
  /** A failure that may pass. */
  | "fails"
  | "asks_to_wait"
  /** This message will never be accepted. */
  | "refuses"
  /** The receiver no longer accepts messages. */
  | "is_closed"
  /** It reads the message and never responds. */
  | "hangs"
  /** The connection ends without a response. */
  | "breaks_off"
  /** It accepts, with a response that is larger than the stored part. */
  | "accepts_at_length"
  /** The credentials are wrong. */
  | "rejects_credentials"
  /** It already has the message from an earlier attempt. */
  | "has_it_already"
  /** A failure whose response repeats the whole request, with its credentials. */
  | "echoes";

type Exceptions = Readonly<Partial<Record<Behaviour, string>>>;

const NO_SIGN = "The target does not say that it has a message already.";
const PARSED = "The kind parses its responses. All HTTP kinds store them in the same way, which exampleQueue tests.";
const NO_RESPONSE = "The protocol has confirmations without a body.";
const BY_STATUS = "The receiver decides by its status alone, and no status means it.";

const HTTP_KIND: Exceptions = { accepts_at_length: PARSED, has_it_already: NO_SIGN };
const KEEPS_RESPONSES: Exceptions = { has_it_already: NO_SIGN };
const CONNECTION: Exceptions = { accepts_at_length: NO_RESPONSE, has_it_already: NO_SIGN };
const RECOGNISES: Exceptions = { accepts_at_length: NO_RESPONSE };

/** By kind: behaviours of receivers that the suite leaves out. */
export const EXCEPTIONS: Readonly<Record<string, Exceptions>> = {
  http: {
    refuses: BY_STATUS,
    rejects_credentials: BY_STATUS,
    has_it_already: NO_SIGN,
    echoes: "Headers and body are the customer's own, and shown as they are.",
  },
  sqs: HTTP_KIND,
  sns: HTTP_KIND,
  eventBridge: HTTP_KIND,
  kinesis: HTTP_KIND,
  firehose: HTTP_KIND,
  googlePubSub: HTTP_KIND,
  serviceBus: KEEPS_RESPONSES,
  eventHubs: KEEPS_RESPONSES,
  eventGrid: KEEPS_RESPONSES,
  s3: {},
  googleCloudStorage: {},
  azureBlob: {},
  clickhouse: KEEPS_RESPONSES,
  slack: HTTP_KIND,
  discord: HTTP_KIND,
  teams: HTTP_KIND,
  googleChat: HTTP_KIND,
  telegram: HTTP_KIND,
  mattermost: HTTP_KIND,
  rocketChat: HTTP_KIND,
  pagerDuty: HTTP_KIND,
  zapier: { ...HTTP_KIND, rejects_credentials: "The URL is the only credential, and a wrong one does not exist." },
  ifttt: HTTP_KIND,
  cloudEvents: { ...HTTP_KIND, refuses: BY_STATUS, rejects_credentials: BY_STATUS },
  posthorn: { ...HTTP_KIND, refuses: BY_STATUS },
  webSub: { ...HTTP_KIND, refuses: BY_STATUS, rejects_credentials: "The secret signs what is sent and is never sent." },
  mcpEvents: { ...HTTP_KIND, rejects_credentials: "The secret signs what is sent and is never sent." },
  kafka: CONNECTION,
  rabbitMq: CONNECTION,
  amqp: CONNECTION,
  nats: RECOGNISES,
  redis: CONNECTION,
  mqtt: CONNECTION,
  postgres: RECOGNISES,
  smtp: CONNECTION,
};

/** Kinds that send nothing. */
export const NOT_SENT: Readonly<Record<string, string>> = {
  polling: "Consumers read the messages. test/feeds covers their order, positions and leases.",
  relay:
    "Its requests are those of the kind http, over the connection of a listener. test/relay.test.ts covers the connection.",
};

/** By test file: kinds that it runs the suite for. */
export const SUITES: Readonly<Record<string, readonly string[]>> = {
  "http.test.ts": ["http"],
  "cloud.test.ts": [
    "sqs",
    "sns",
    "eventBridge",
    "kinesis",
    "firehose",
    "googlePubSub",
    "serviceBus",
    "eventHubs",
    "eventGrid",
    "s3",
    "googleCloudStorage",
    "azureBlob",
    "clickhouse",
  ],
  "chat/conformance.test.ts": [
    "slack",
    "discord",
    "teams",
    "googleChat",
    "telegram",
    "mattermost",
    "rocketChat",
    "pagerDuty",
    "zapier",
    "ifttt",
    "cloudEvents",
    "posthorn",
    "webSub",
    "mcpEvents",
  ],
  "connection-kinds.test.ts": ["kafka", "rabbitMq", "amqp", "nats", "redis", "mqtt", "postgres", "smtp"],
};

/** By test file in `test/counterparts`: kinds whose drivers it tests with a real broker, database or mail server. */
export const DRIVER_TESTS: Readonly<Record<string, readonly string[]>> = {
  "kafka.test.ts": ["kafka"],
  "rabbitmq.test.ts": ["rabbitMq", "amqp"],
  "nats.test.ts": ["nats"],
  "redis.test.ts": ["redis"],
  "mqtt.test.ts": ["mqtt"],
  "postgres.test.ts": ["postgres"],
  "smtp.test.ts": ["smtp"],
};
