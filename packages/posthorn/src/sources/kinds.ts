/** Registry of source kinds: everything that is known about a source without reading it. Pure, so the domain can use it. */
import type { AnySourceKind } from "./kind.ts";
import { CALDAV } from "./kinds/caldav.ts";
import { EMAIL } from "./kinds/email.ts";
import { FEED } from "./kinds/feed.ts";
import { HTTP_POLL } from "./kinds/http.ts";
import { ICAL_KIND } from "./kinds/ical.ts";
import { IMAP } from "./kinds/imap.ts";
import { AMQP_SOURCE } from "./kinds/amqp.ts";
import { GOOGLE_PUB_SUB_SOURCE } from "./kinds/google-pub-sub.ts";
import { KAFKA_SOURCE } from "./kinds/kafka.ts";
import { NATS_SOURCE } from "./kinds/nats.ts";
import { RABBITMQ_SOURCE } from "./kinds/rabbitmq.ts";
import { REDIS_SOURCE } from "./kinds/redis.ts";
import { S3_SOURCE } from "./kinds/s3.ts";
import { SQS_SOURCE } from "./kinds/sqs.ts";
import { MQTT_SOURCE } from "./kinds/mqtt.ts";
import { SCHEDULE } from "./kinds/schedule.ts";
import { TABLE } from "./kinds/table.ts";
import { WEBSUB } from "./kinds/websub.ts";
import { WEBHOOK } from "./kinds/webhook.ts";

/** Kind of sources whose requests come from a WebSub hub. */
export const WEBSUB_KIND = "websub";

/** Kind of sources that receive emails at an address. */
export const MAIL_SOURCE = "email";

/** Kind of sources that are triggers of a table. */
export const TABLE_SOURCE = "table";

/** Kind of sources that were created without one. */
export const WEBHOOK_SOURCE = "webhook";

/** Declarations by the name that the API uses. */
export const SOURCE_KINDS: Readonly<Record<string, AnySourceKind>> = {
  [WEBHOOK_SOURCE]: WEBHOOK,
  schedule: SCHEDULE,
  http: HTTP_POLL,
  feed: FEED,
  [WEBSUB_KIND]: WEBSUB,
  ical: ICAL_KIND,
  caldav: CALDAV,
  [MAIL_SOURCE]: EMAIL,
  [TABLE_SOURCE]: TABLE,
  imap: IMAP,
  mqtt: MQTT_SOURCE,
  rabbitMq: RABBITMQ_SOURCE,
  amqp: AMQP_SOURCE,
  kafka: KAFKA_SOURCE,
  nats: NATS_SOURCE,
  redis: REDIS_SOURCE,
  sqs: SQS_SOURCE,
  googlePubSub: GOOGLE_PUB_SUB_SOURCE,
  s3: S3_SOURCE,
};

/** Declaration of a kind; `null` if this version does not have it. */
export function sourceKindNamed(name: string): AnySourceKind | null {
  return Object.hasOwn(SOURCE_KINDS, name) ? SOURCE_KINDS[name]! : null;
}
