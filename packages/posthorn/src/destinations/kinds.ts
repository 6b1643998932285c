/** Registry of destination kinds: everything that is known about a destination without connecting to it. Pure, so the domain can use it. */
import type { AnyKind } from "./kind.ts";
import { AZURE_BLOB } from "./kinds/azure-blob.ts";
import { CLICK_HOUSE } from "./kinds/click-house.ts";
import { EVENT_BRIDGE } from "./kinds/event-bridge.ts";
import { EVENT_GRID } from "./kinds/event-grid.ts";
import { EVENT_HUBS } from "./kinds/event-hubs.ts";
import { FIREHOSE } from "./kinds/firehose.ts";
import { GOOGLE_CLOUD_STORAGE } from "./kinds/google-cloud-storage.ts";
import { GOOGLE_PUB_SUB } from "./kinds/google-pub-sub.ts";
import { HTTP } from "./kinds/http.ts";
import { KINESIS } from "./kinds/kinesis.ts";
import { S3 } from "./kinds/s3.ts";
import { SERVICE_BUS } from "./kinds/service-bus.ts";
import { SNS } from "./kinds/sns.ts";
import { SQS } from "./kinds/sqs.ts";
import { CLOUD_EVENTS } from "./kinds/cloud-events.ts";
import { DISCORD } from "./kinds/discord.ts";
import { GOOGLE_CHAT } from "./kinds/google-chat.ts";
import { IFTTT } from "./kinds/ifttt.ts";
import { MATTERMOST } from "./kinds/mattermost.ts";
import { PAGER_DUTY } from "./kinds/pager-duty.ts";
import { POLLING } from "./kinds/polling.ts";
import { POSTHORN } from "./kinds/posthorn.ts";
import { RELAY } from "./kinds/relay.ts";
import { ROCKET_CHAT } from "./kinds/rocket-chat.ts";
import { SLACK } from "./kinds/slack.ts";
import { TEAMS } from "./kinds/teams.ts";
import { TELEGRAM } from "./kinds/telegram.ts";
import { WEB_SUB } from "./kinds/web-sub.ts";
import { ZAPIER } from "./kinds/zapier.ts";
import { AMQP } from "./kinds/amqp.ts";
import { KAFKA } from "./kinds/kafka.ts";
import { MCP_EVENTS } from "./kinds/mcp-events.ts";
import { MQTT } from "./kinds/mqtt.ts";
import { NATS } from "./kinds/nats.ts";
import { POSTGRES } from "./kinds/postgres.ts";
import { RABBITMQ } from "./kinds/rabbitmq.ts";
import { REDIS } from "./kinds/redis.ts";
import { SMTP } from "./kinds/smtp.ts";

/** Kind of endpoints that were created without one. */
export const WEBHOOK_KIND = "http";

/** Kind of endpoints that consumers pull from. */
export const POLLING_KIND = "polling";

/** Kind of endpoints whose messages go to connected listeners. */
export const RELAY_KIND = "relay";

/** Kind of endpoints that receive CloudEvents over HTTP. */
export const CLOUD_EVENTS_KIND = "cloudEvents";

/** Kind of endpoints that MCP clients create by subscribing. */
export const MCP_EVENTS_KIND = "mcpEvents";

/** Whether endpoints of a kind can be asked whether they accept deliveries: those whose receiver has its own URL. */
export function isVerifiable(kind: string): boolean {
  return kind === WEBHOOK_KIND || kind === CLOUD_EVENTS_KIND;
}

/** Declarations by the name that the API uses. */
export const DESTINATION_KINDS: Readonly<Record<string, AnyKind>> = {
  http: HTTP,
  sqs: SQS,
  sns: SNS,
  eventBridge: EVENT_BRIDGE,
  kinesis: KINESIS,
  firehose: FIREHOSE,
  googlePubSub: GOOGLE_PUB_SUB,
  serviceBus: SERVICE_BUS,
  eventHubs: EVENT_HUBS,
  eventGrid: EVENT_GRID,
  s3: S3,
  googleCloudStorage: GOOGLE_CLOUD_STORAGE,
  azureBlob: AZURE_BLOB,
  clickhouse: CLICK_HOUSE,
  slack: SLACK,
  discord: DISCORD,
  teams: TEAMS,
  googleChat: GOOGLE_CHAT,
  telegram: TELEGRAM,
  mattermost: MATTERMOST,
  rocketChat: ROCKET_CHAT,
  pagerDuty: PAGER_DUTY,
  zapier: ZAPIER,
  ifttt: IFTTT,
  [CLOUD_EVENTS_KIND]: CLOUD_EVENTS,
  webSub: WEB_SUB,
  [MCP_EVENTS_KIND]: MCP_EVENTS,
  posthorn: POSTHORN,
  kafka: KAFKA,
  rabbitMq: RABBITMQ,
  amqp: AMQP,
  nats: NATS,
  redis: REDIS,
  mqtt: MQTT,
  postgres: POSTGRES,
  smtp: SMTP,
  [POLLING_KIND]: POLLING,
  [RELAY_KIND]: RELAY,
};

/** Declaration of a kind; `null` if this version does not have it. */
export function kindNamed(name: string): AnyKind | null {
  return Object.hasOwn(DESTINATION_KINDS, name) ? DESTINATION_KINDS[name]! : null;
}

/**
 * Host behind a target. Endpoints at one host share a concurrency limit, over all applications. It is the same on every port, and a trailing
 * dot does not change it.
 */
export function hostOf(target: string): string {
  return URL.parse(target)?.hostname.replace(/\.$/, "") || target;
}
