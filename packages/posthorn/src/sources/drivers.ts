/** The driver of each source kind that is read. */
import type { SourceDriver } from "./driver.ts";
import { connectionDriver } from "./drivers/connection.ts";
import { CALDAV_DRIVER } from "./drivers/caldav.ts";
import { FEED_DRIVER } from "./drivers/feed.ts";
import { HTTP_DRIVER } from "./drivers/http.ts";
import { IMAP_DRIVER } from "./drivers/imap.ts";
import { ICAL_DRIVER } from "./drivers/ical.ts";
import { SCHEDULE_DRIVER } from "./drivers/schedule.ts";
import { GOOGLE_PUB_SUB_DRIVER } from "./drivers/google-pub-sub.ts";
import { S3_DRIVER } from "./drivers/s3.ts";
import { SQS_DRIVER } from "./drivers/sqs.ts";
import { WEBSUB_DRIVER } from "./drivers/websub.ts";

const DRIVERS: Readonly<Record<string, SourceDriver>> = {
  schedule: SCHEDULE_DRIVER,
  http: HTTP_DRIVER,
  feed: FEED_DRIVER,
  websub: WEBSUB_DRIVER,
  ical: ICAL_DRIVER,
  mqtt: connectionDriver("mqtt"),
  caldav: CALDAV_DRIVER,
  imap: IMAP_DRIVER,
  rabbitMq: connectionDriver("rabbitMq"),
  amqp: connectionDriver("amqp"),
  kafka: connectionDriver("kafka"),
  nats: connectionDriver("nats"),
  redis: connectionDriver("redis"),
  sqs: SQS_DRIVER,
  googlePubSub: GOOGLE_PUB_SUB_DRIVER,
  s3: S3_DRIVER,
};

/** `null` if events of the kind arrive as requests, or this version does not have the kind. */
export function sourceDriver(kind: string): SourceDriver | null {
  return Object.hasOwn(DRIVERS, kind) ? DRIVERS[kind]! : null;
}
