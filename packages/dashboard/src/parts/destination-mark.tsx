/** Marks for kinds of destinations and sources: a symbol for each kind, in a colour for each group. They are not the logos of the products. */
import {
  Archive,
  ArrowLeftRight,
  BellRing,
  Bot,
  Bus,
  Cable,
  CalendarClock,
  CalendarDays,
  ChartColumn,
  Cloud,
  CloudUpload,
  Container,
  Cpu,
  Database,
  Droplets,
  Gamepad2,
  Globe,
  Grid3x3,
  Hash,
  Inbox,
  Layers,
  ListEnd,
  type LucideIcon,
  Mail,
  MailOpen,
  Megaphone,
  MessageSquareText,
  MessagesSquare,
  Network,
  Rabbit,
  RadioTower,
  Rocket,
  Rss,
  Send,
  Share2,
  Siren,
  Split,
  Table2,
  Users,
  Waves,
  Waypoints,
  Webhook,
  Zap,
} from "lucide-react";
import styles from "./destination.module.css";

const MARKS: Readonly<Record<string, LucideIcon>> = {
  http: Webhook,
  cloudEvents: Cloud,
  webSub: BellRing,
  mcpEvents: Bot,
  posthorn: Rss,
  slack: Hash,
  discord: Gamepad2,
  teams: Users,
  googleChat: MessageSquareText,
  telegram: Send,
  mattermost: MessagesSquare,
  rocketChat: Rocket,
  pagerDuty: Siren,
  zapier: Zap,
  ifttt: Split,
  sqs: ListEnd,
  sns: Megaphone,
  googlePubSub: Share2,
  serviceBus: Bus,
  rabbitMq: Rabbit,
  amqp: ArrowLeftRight,
  mqtt: Cpu,
  eventBridge: Waypoints,
  kinesis: Waves,
  firehose: Droplets,
  eventHubs: Cable,
  eventGrid: Grid3x3,
  kafka: Network,
  nats: RadioTower,
  redis: Layers,
  s3: Archive,
  googleCloudStorage: CloudUpload,
  azureBlob: Container,
  clickhouse: ChartColumn,
  postgres: Database,
  smtp: Mail,
  polling: Inbox,
};

/** Kinds of sources that have another symbol than the destination of the same name, or none. */
const SOURCE_MARKS: Readonly<Record<string, LucideIcon>> = {
  webhook: Webhook,
  schedule: CalendarClock,
  http: Globe,
  feed: Rss,
  websub: BellRing,
  ical: CalendarDays,
  caldav: CalendarDays,
  email: Mail,
  imap: MailOpen,
  table: Table2,
};

export interface DestinationMarkProps {
  readonly kind: string;
  readonly group: string;
  readonly title?: string;
  readonly of?: "destinations" | "sourceKinds";
}

/** Group of providers of webhooks. Their marks are their initials. */
export const PROVIDERS = "providers";

export function DestinationMark({ kind, group, title = "", of = "destinations" }: DestinationMarkProps) {
  const Mark = (of === "sourceKinds" ? SOURCE_MARKS[kind] : undefined) ?? MARKS[kind] ?? Webhook;
  return (
    <span className={styles["mark"]} data-group={group} aria-hidden>
      {group === PROVIDERS ? <span className={styles["initial"]}>{title.slice(0, 2)}</span> : <Mark />}
    </span>
  );
}
