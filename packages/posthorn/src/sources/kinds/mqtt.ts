import { listeningKind } from "../kind.ts";
import { MQTT_URL } from "../../destinations/kinds/broker-connection.ts";
import { choice, clientCertificateProblem, messageTypeField, PASSWORD, TLS_FIELDS, USERNAME } from "./broker-fields.ts";

/** Topic filters of a configuration, one per line. */
export function topicsOf(text: string): readonly string[] {
  return [
    ...new Set(
      text
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== ""),
    ),
  ];
}

export const MQTT_SOURCE = listeningKind({
  family: "listen",
  title: "MQTT",
  summary: "Subscribes to topics of an MQTT broker, and emits an event for each message.",
  group: "queue",
  fields: {
    url: MQTT_URL,
    topics: {
      type: "text",
      label: "Topics",
      help: "Topic filters, one per line. `+` matches one level and `#` all levels below. With `$share/NAME/` in front, the broker divides the messages among all subscribers of that name.",
      required: true,
      secret: false,
      maxLength: 8192,
      multiline: true,
      example: "plant/+/temperature",
    },
    qos: choice({
      label: "QoS",
      help: "`1`: the broker keeps a message until Posthorn has stored it. `0`: messages can be lost while Posthorn is not connected.",
      choices: ["1", "0"],
      default: "1",
    }),
    version: choice({
      label: "Version",
      help: "Version of MQTT that the broker supports.",
      choices: ["5", "3.1.1"],
      default: "5",
    }),
    retained: {
      type: "boolean",
      label: "Retained messages",
      help: "Turn on to receive the retained message of each topic when a new subscription starts.",
      required: false,
      secret: false,
      default: false,
    },
    clientId: {
      type: "text",
      label: "Client ID",
      help: "Name of the session at the broker. No other client may use it. Leave it empty for a name that is derived from the ID of the source.",
      required: false,
      secret: false,
      maxLength: 128,
      pattern: "[A-Za-z0-9_.:\\-]+",
    },
    sessionSeconds: {
      type: "integer",
      label: "Session expiry in seconds",
      help: "How long the broker keeps the session and its messages while Posthorn is not connected. MQTT 3.1.1 has no such limit: the broker decides.",
      required: false,
      secret: false,
      minimum: 60,
      maximum: 4_294_967_294,
      default: 604_800,
    },
    idProperty: {
      type: "text",
      label: "ID property",
      help: "User property (MQTT 5) that holds a unique ID of the message. Messages whose ID is already stored are dropped. Leave it empty if publishers set none.",
      required: false,
      secret: false,
      maxLength: 128,
      example: "message-id",
    },
    username: USERNAME,
    password: PASSWORD,
    ...TLS_FIELDS,
    eventType: messageTypeField("mqtt.message", "topic"),
  },
  events: [{ type: "{eventType}", description: "A message of a topic: its exact payload." }],
  repeats: "possible",
  setup: [
    "Create a user that may subscribe to the topics.",
    "Enter the URL, the topics and the credentials here. `state` says whether the source is connected.",
    "Publish with QoS 1. The broker keeps messages for a QoS 1 session while Posthorn is not connected.",
  ],
  packages: ["mqtt-packet@9"],
  ports: [1883, 8883],
  check: (config) => {
    const problem = topicsProblem(topicsOf(config.topics));
    return problem === null ? clientCertificateProblem(config) : { field: "topics", problem };
  },
  target: ({ url, clientId }) => sessionAt(url, clientId),
  session: ({ url, clientId }) => ({ identity: sessionAt(url, clientId), isNamedByUser: clientId !== null }),
});

function sessionAt(url: string, clientId: string | null): string {
  return `${url.replace(/\/$/, "")}${clientId === null ? "" : `#${clientId}`}`;
}

const MAX_TOPICS = 100;

function topicsProblem(topics: readonly string[]): string | null {
  if (topics.length === 0) return "Enter at least one topic.";
  if (topics.length > MAX_TOPICS) return `Enter up to ${MAX_TOPICS} topics.`;
  for (const topic of topics) {
    const filter = /^\$share\/[^/+#]+\/(.+)$/s.exec(topic)?.[1] ?? topic;
    if (topic.startsWith("$share/") && filter === topic) return "A shared topic has the form $share/NAME/TOPIC.";
    if (Buffer.byteLength(topic) > 65_535) return "A topic is longer than MQTT allows.";
    const levels = filter.split("/");
    const isValid = levels.every(
      (level, index) => !/[+#\0]/.test(level) || level === "+" || (level === "#" && index === levels.length - 1),
    );
    if (!isValid) return `In "${topic}", + must be a whole level, and # the last one.`;
  }
  return null;
}
