/** Fields that several templates share, and the endpoint built from them. */
import type { ConfigOf, Fields } from "../fields/field.ts";
import type { EndpointPlan, SourcePlan, TemplatePlan } from "./template.ts";

/** Choices of `destination`, with their destination kinds. */
const DESTINATIONS = {
  webhook: "http",
  slack: "slack",
  teams: "teams",
  discord: "discord",
  googleChat: "googleChat",
  mattermost: "mattermost",
  rocketChat: "rocketChat",
} as const;
type Destination = keyof typeof DESTINATIONS;

export function nameField(preset: string) {
  return {
    type: "text",
    label: "Name",
    help: "Name of the created resources in lists.",
    required: false,
    secret: false,
    maxLength: 100,
    default: preset,
  } as const;
}

/** Where events go. */
export function destinationFields(preset: Destination) {
  return {
    destination: {
      type: "choice",
      label: "Destination",
      help: "Where Posthorn sends the events: a signed webhook to your own URL, or a message in a chat.",
      required: false,
      secret: false,
      choices: ["webhook", "slack", "teams", "discord", "googleChat", "mattermost", "rocketChat"],
      default: preset,
    },
    destinationUrl: {
      type: "url",
      label: "URL of the destination",
      help: "URL of your webhook receiver, or the webhook URL that the chat shows for the channel.",
      required: true,
      secret: false,
      schemes: ["https:", "http:"],
      example: "https://hooks.example.com/services/T00000000/B00000000/XXXXXXXX",
    },
  } as const;
}

/** Secret of a provider. Some providers show it only after the source exists. */
export function secretField(where: string, example: string) {
  return {
    type: "text",
    label: "Signing secret",
    help: `${where} Leave it empty if you do not have it yet, and enter it at the source later.`,
    required: false,
    secret: true,
    maxLength: 512,
    example,
  } as const;
}

/** How devices send their readings: to the URL of a source, or to an MQTT broker. */
export const DEVICE_FIELDS = {
  connection: {
    type: "choice",
    label: "Connection",
    help: "`http`: devices send JSON to the URL of the source. `mqtt`: Posthorn subscribes to topics of an MQTT broker.",
    required: false,
    secret: false,
    choices: ["http", "mqtt"],
    default: "http",
  },
  token: {
    type: "text",
    label: "Device token",
    help: "For `http`: devices send it in the header `Authorization: Bearer …`. Use a random text of at least 16 characters.",
    required: false,
    secret: true,
    maxLength: 256,
    pattern: "[A-Za-z0-9._~+/=-]{16,}",
    example: "9f2c4e6a8b0d1f3a5c7e9b1d",
  },
  brokerUrl: {
    type: "url",
    label: "URL of the broker",
    help: "For `mqtt`: protocol, host and port. Use mqtts for TLS.",
    required: false,
    secret: false,
    schemes: ["mqtt:", "mqtts:"],
    example: "mqtts://mqtt.example.com:8883",
  },
  topics: {
    type: "text",
    label: "Topics",
    help: "For `mqtt`: topic filters, one per line. The name of the device can be read from a level of the topic: `topic:1` is the second one.",
    required: false,
    secret: false,
    maxLength: 8192,
    multiline: true,
    default: "plant/+/temperature",
  },
  username: {
    type: "text",
    label: "User name",
    help: "For `mqtt`: name of the account at the broker. Leave it empty if the broker requires none.",
    required: false,
    secret: false,
    maxLength: 256,
  },
  password: {
    type: "text",
    label: "Password",
    help: "For `mqtt`: password of the account.",
    required: false,
    secret: true,
    maxLength: 1024,
  },
} as const satisfies Fields;

type DeviceConfig = ConfigOf<typeof DEVICE_FIELDS>;

/** The first missing setting of the chosen connection; `null`: none. */
export function deviceProblem({ connection, token, brokerUrl }: DeviceConfig) {
  if (connection === "http" && token === null) {
    return { field: "token", problem: "Devices that send to the URL of the source need a token." };
  }
  if (connection === "mqtt" && brokerUrl === null) return { field: "brokerUrl", problem: "MQTT needs a broker." };
  return null;
}

/** The source of the chosen connection. */
export function deviceSource(
  { connection, token, brokerUrl, topics, username, password }: DeviceConfig,
  eventType: string,
): SourcePlan {
  if (connection === "http") return { kind: "webhook", type: "generic-webhook", secret: token, eventType };
  return { kind: "mqtt", config: { url: brokerUrl, topics, username, password, eventType } };
}

export function durationField(label: string, help: string, preset: string) {
  return {
    type: "text",
    label,
    help: `${help} A whole number and a unit: 30s, 15m, 2h or 1d.`,
    required: false,
    secret: false,
    maxLength: 10,
    pattern: "[1-9][0-9]{0,5}[smhd]",
    default: preset,
  } as const;
}

export function numberField(label: string, help: string, preset: string) {
  return {
    type: "text",
    label,
    help,
    required: false,
    secret: false,
    maxLength: 20,
    pattern: "-?[0-9]{1,12}(?:\\.[0-9]{1,6})?",
    default: preset,
  } as const;
}

export function pathField(label: string, help: string, preset: string) {
  return { type: "text", label, help, required: false, secret: false, maxLength: 256, default: preset } as const;
}

/** Templates of a message in a chat. See `destinations/chat/card-fields.ts`. */
export interface Card {
  readonly title: string;
  readonly text?: string;
  readonly fields?: string;
  readonly link?: string;
  readonly severity?: string;
}

interface Destined {
  readonly destination: Destination;
  readonly destinationUrl: string;
}

interface Selection extends Pick<EndpointPlan, "eventTypes"> {
  readonly filter?: object | null;
  readonly card: Card;
  readonly transformation?: string;
}

/** The endpoint at the chosen destination. */
export function endpointFor(
  { destination, destinationUrl }: Destined,
  { eventTypes, filter = null, card, transformation }: Selection,
): EndpointPlan {
  const kind = DESTINATIONS[destination];
  const isWebhook = kind === "http";
  return {
    kind,
    url: isWebhook ? destinationUrl : null,
    config: isWebhook ? null : { url: destinationUrl, ...card },
    eventTypes,
    filter,
    transformation: transformation ?? null,
  };
}

/** A provider sends webhooks to a new source, and the endpoint receives those that are selected. */
export function received(
  type: string,
  values: Destined & { readonly secret: string | null },
  selection: Selection,
): TemplatePlan {
  const { secret } = values;
  const source = { kind: "webhook", type, secret } as const;
  return { source, eventTypes: [], watch: null, endpoint: endpointFor(values, selection) };
}

/** How often a page is polled. */
export function intervalField(seconds: number) {
  return {
    type: "integer",
    label: "Interval in seconds",
    help: "Time between two reads.",
    required: false,
    secret: false,
    minimum: 30,
    maximum: 86_400,
    default: seconds,
  } as const;
}

/** Severity of the messages of a watch: a problem while it is raised, and success when it is cleared. */
export function watchSeverity(raised: "warning" | "error" | "critical"): string {
  return `{{ body.phase | map: "cleared", "success" | default: "${raised}" }}`;
}

/** Event types of the transitions of a watch, for an application. */
export function transitionTypes(emits: string, phases: Readonly<Record<string, string>>) {
  return Object.entries(phases).map(([phase, description]) => ({ name: `${emits}.${phase}`, description }));
}
