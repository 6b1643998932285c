import { listeningKind } from "../kind.ts";
import { choice, clientCertificateProblem, messageTypeField, PASSWORD, TLS_FIELDS, USERNAME } from "./broker-fields.ts";

const SUBJECT = "[^\\s,]+";

export const NATS_SOURCE = listeningKind({
  family: "listen",
  title: "NATS JetStream",
  summary: "Consumes a JetStream stream with a durable consumer, and emits an event for each message.",
  group: "stream",
  fields: {
    servers: {
      type: "text",
      label: "Servers",
      help: "Hosts and ports of one or more servers, separated by commas. Posthorn connects to these only, not to servers that they announce.",
      required: true,
      secret: false,
      isTarget: true,
      maxLength: 2000,
      pattern: "[^\\s,/]+(?:, ?[^\\s,/]+)*",
      example: "nats.example.com:4222",
    },
    stream: {
      type: "text",
      label: "Stream",
      help: "Name of an existing stream. Posthorn does not create streams.",
      required: true,
      secret: false,
      maxLength: 255,
      pattern: "[^\\s.*>/\\\\]+",
      example: "ORDERS",
    },
    subjects: {
      type: "text",
      label: "Subjects",
      help: "Subjects of the stream to read, separated by commas. `*` matches one part and `>` all parts below. Leave it empty for all.",
      required: false,
      secret: false,
      maxLength: 2000,
      pattern: `${SUBJECT}(?:, ?${SUBJECT})*`,
      example: "orders.>",
    },
    start: choice({
      label: "First read",
      help: "`new`: only messages that arrive after the source is created. `all`: everything that the stream has.",
      choices: ["new", "all"],
      default: "new",
    }),
    consumer: {
      type: "text",
      label: "Consumer",
      help: "Name of an existing durable pull consumer with explicit acknowledgements. Leave it empty to let Posthorn create one, which it removes with the source.",
      required: false,
      secret: false,
      maxLength: 255,
      pattern: "[^\\s.*>/\\\\]+",
    },
    tls: {
      type: "boolean",
      label: "TLS",
      help: "Turn on to require TLS.",
      required: false,
      secret: false,
      default: true,
      isTarget: true,
    },
    username: USERNAME,
    password: PASSWORD,
    token: {
      type: "text",
      label: "Token",
      help: "Token of servers that authenticate by token.",
      required: false,
      secret: true,
      maxLength: 1024,
    },
    nkeySeed: {
      type: "text",
      label: "NKey seed",
      help: "Seed of a user's NKey. It starts with SU.",
      required: false,
      secret: true,
      maxLength: 256,
      pattern: "SU[A-Z2-7]{56}",
      example: "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY",
    },
    credentials: {
      type: "text",
      label: "Credentials file",
      help: "Contents of a .creds file with a user's JWT and seed.",
      required: false,
      secret: true,
      multiline: true,
      maxLength: 10_000,
    },
    ...TLS_FIELDS,
    eventType: messageTypeField("nats.message", "subject"),
  },
  events: [{ type: "{eventType}", description: "A message of the stream: its exact body." }],
  repeats: "dropped",
  setup: [
    "Create a user that may publish to $JS.API.> and $JS.ACK.>, and subscribe to _INBOX.>.",
    "Enter servers, stream and credentials here. `state` says whether the source is connected.",
  ],
  packages: ["@nats-io/transport-node@3", "@nats-io/jetstream@3"],
  ports: [4222, 4223, 4443],
  check: (config) => {
    const given = [config.username, config.token, config.nkeySeed, config.credentials].filter(
      (value) => value !== null,
    );
    if (given.length > 1) {
      return { field: "username", problem: "Enter only one of user name, token, NKey seed and credentials file." };
    }
    if (config.consumer !== null && config.subjects !== null) {
      return { field: "subjects", problem: "An existing consumer reads the subjects of its own configuration." };
    }
    return clientCertificateProblem(config);
  },
  target: ({ servers, stream, tls }) => `${tls ? "tls" : "nats"}://${servers.split(/, ?/)[0]!}/${stream}`,
  // A consumer that existed before belongs to others.
  session: ({ servers, stream, consumer }) =>
    consumer === null ? { identity: `${servers.split(/, ?/)[0]!}/${stream}`, isNamedByUser: false } : null,
});
