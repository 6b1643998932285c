import { listeningKind } from "../kind.ts";
import { REDIS_URL } from "../../destinations/kinds/broker-connection.ts";
import { choice, clientCertificateProblem, messageTypeField, PASSWORD, TLS_FIELDS, USERNAME } from "./broker-fields.ts";

export const REDIS_SOURCE = listeningKind({
  family: "listen",
  title: "Redis streams",
  summary: "Reads a stream of Redis or Valkey with a consumer group, and emits an event for each entry.",
  group: "stream",
  fields: {
    url: REDIS_URL,
    stream: {
      type: "text",
      label: "Stream",
      help: "Key of the stream.",
      required: true,
      secret: false,
      maxLength: 500,
      example: "orders",
    },
    bodyField: {
      type: "text",
      label: "Field with the body",
      help: "Field of an entry whose value becomes the body of the event; the other fields become headers. Leave it empty for a JSON object with all fields.",
      required: false,
      secret: false,
      maxLength: 500,
      example: "payload",
    },
    start: choice({
      label: "First read",
      help: "`new`: only entries that are added after the source is created. `all`: everything in the stream.",
      choices: ["new", "all"],
      default: "new",
    }),
    group: {
      type: "text",
      label: "Consumer group",
      help: "Name of an existing consumer group, which other consumers may share. Leave it empty to let Posthorn create one, which it removes with the source.",
      required: false,
      secret: false,
      maxLength: 500,
    },
    username: { ...USERNAME, help: "User name of an ACL user. Leave it empty for the default user." },
    password: PASSWORD,
    ...TLS_FIELDS,
    eventType: messageTypeField("redis.entry", "stream"),
  },
  events: [{ type: "{eventType}", description: "An entry of the stream." }],
  repeats: "dropped",
  setup: [
    "Create an ACL user that may read the stream: ACL SETUSER posthorn on >PASSWORD ~orders +xreadgroup +xack +xgroup, and +select for a database other than 0.",
    "Enter the URL, the stream and the credentials here. `state` says whether the source is connected.",
  ],
  packages: ["ioredis@6"],
  ports: [6379, 6380],
  check: clientCertificateProblem,
  target: ({ url, stream }) => `${url.replace(/\/$/, "")}#${stream}`,
  session: ({ url, stream, group }) => ({
    identity: `${url.replace(/\/$/, "")}#${stream}${group === null ? "" : `#${group}`}`,
    // In a group that existed before, only the consumer of the source is removed.
    isNamedByUser: false,
  }),
});
