import { listeningKind } from "../kind.ts";
import {
  NATS_CLIENT,
  NATS_SECURITY,
  NATS_SERVERS,
  natsSecurityProblem,
} from "../../destinations/kinds/broker-connection.ts";
import { choice, messageTypeField } from "./broker-fields.ts";

const SUBJECT = "[^\\s,]+";

export const NATS_SOURCE = listeningKind({
  family: "listen",
  title: "NATS JetStream",
  summary: "Consumes a JetStream stream with a durable consumer, and emits an event for each message.",
  group: "stream",
  fields: {
    servers: NATS_SERVERS,
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
      help: "`new`: only messages that arrive after the source is created. `all`: everything in the stream.",
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
    ...NATS_SECURITY,
    eventType: messageTypeField("nats.message", "subject"),
  },
  events: [{ type: "{eventType}", description: "A message of the stream: its exact body." }],
  repeats: "dropped",
  setup: [
    "Create a user that may publish to $JS.API.> and $JS.ACK.>, and subscribe to _INBOX.>.",
    "Enter the servers, the stream and the credentials here. `state` says whether the source is connected.",
  ],
  ...NATS_CLIENT,
  check: (config) =>
    config.consumer !== null && config.subjects !== null
      ? { field: "subjects", problem: "An existing consumer reads the subjects of its own configuration." }
      : natsSecurityProblem(config),
  target: ({ servers, stream, tls }) => `${tls ? "tls" : "nats"}://${servers.split(/, ?/)[0]!}/${stream}`,
  // A consumer that existed before belongs to others.
  session: ({ servers, stream, consumer }) =>
    consumer === null ? { identity: `${servers.split(/, ?/)[0]!}/${stream}`, isNamedByUser: false } : null,
});
