/** Page of one message: its timeline, payload and details. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { type ExactMessage, getMessage } from "../api/message.ts";
import { Badge, Tags } from "../components/badge.tsx";
import { Copyable } from "../components/copy.tsx";
import { Card, Facts, Page } from "../components/page.tsx";
import { Payload } from "../components/payload.tsx";
import { Failed, Loading, Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { progressOf } from "../lib/message-queries.ts";
import { DELIVERY_TONES, type DeliveryWord } from "../lib/status.ts";
import { useLiveRefresh } from "../live/use-live.ts";
import { useAudience } from "../session/audience.ts";
import { MessageActions } from "./message-actions.tsx";
import { MessageComparison } from "./message-comparison.tsx";
import { MessageNeighbours } from "./message-neighbours.tsx";
import { Timeline } from "./message-timeline.tsx";
import { useAttempts } from "./use-attempts.ts";
import { TraceLink } from "./trace-link.tsx";
import styles from "./message-view.module.css";

/** Maximum number of endpoints shown for one message. */
const MAX_SHOWN = 100;
const LIVE_PACE_MS = 300;
const OPEN_EVERY_MS = 5000;

/** The payload and the decision about endpoints do not change, and the audit log has an entry for each time that they are read. */
const READ_ONCE = { staleTime: Number.POSITIVE_INFINITY } as const;

function isOpen({ state }: { readonly state: string }): boolean {
  return state === "pending" || state === "retrying" || state === "held";
}

export function MessageView({ app, id }: { readonly app: string; readonly id: string }) {
  const { t } = useTranslation();
  const audience = useAudience();
  const path = { app_id: app, msg_id: id };
  const message = useQuery({
    queryKey: ["message", app, id],
    queryFn: () => getMessage(path),
    ...READ_ONCE,
  });
  const deliveries = useQuery({
    queryKey: ["message", app, id, "deliveries"],
    queryFn: () =>
      must(api.GET("/api/v1/app/{app_id}/msg/{msg_id}/delivery", { params: { path, query: { limit: MAX_SHOWN } } })),
    // A change of the endpoint can put deliveries on hold or resume them without an attempt of this message.
    refetchInterval: ({ state }) => (state.data?.data.some(isOpen) === true ? OPEN_EVERY_MS : false),
  });
  const attempts = useAttempts(app, id);
  const matching = useQuery({
    queryKey: ["message", app, id, "matching"],
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/msg/{msg_id}/matching", { params: { path } })),
    ...READ_ONCE,
  });
  useLiveRefresh(progressOf(app, id), (event) => event.msgId === id, LIVE_PACE_MS);
  const failure = message.error ?? deliveries.error ?? attempts.error;
  if (failure !== null) return <Failed error={failure} retry={() => void message.refetch()} />;
  if (message.data === undefined || deliveries.data === undefined || attempts.data === undefined) return <Loading />;
  const rows = deliveries.data.data;
  return (
    <Page
      title={message.data.eventType}
      badge={<MessageOutcomeBadge states={rows.map(({ state }) => state as DeliveryWord)} />}
      crumbs={audience.crumbs(app, "messages")}
      actions={
        <>
          <MessageNeighbours id={id} />
          {/* Only operators publish, cancel and delete messages. */}
          {audience.kind === "operator" && <MessageActions app={app} message={message.data} deliveries={rows} />}
        </>
      }
    >
      <div className={styles["columns"]}>
        <Timeline
          app={app}
          message={message.data}
          deliveries={rows}
          moreDeliveries={!deliveries.data.done}
          attempts={attempts.data.data}
          matching={matching.data}
        />
        <div className={styles["sticky"]}>
          <Card title={t("messages.one")}>
            <MessageFacts message={message.data} />
          </Card>
          <Body message={message.data} />
          <MessageComparison app={app} message={message.data} />
        </div>
      </div>
    </Page>
  );
}

function MessageOutcomeBadge({ states }: { readonly states: readonly DeliveryWord[] }) {
  const { t } = useTranslation();
  const order: readonly DeliveryWord[] = ["failed", "retrying", "held", "pending", "succeeded", "canceled"];
  const worst = order.find((state) => states.includes(state));
  if (worst === undefined) return <Badge>{t("deliveries.states.unmatched")}</Badge>;
  return <Badge tone={DELIVERY_TONES[worst]}>{t(`deliveries.states.${worst}`)}</Badge>;
}

function MessageFacts({ message }: { readonly message: ExactMessage }) {
  const { t } = useTranslation();
  const { id, eventId, timestamp, channels, tags, deliverAt, expiresAt, erasedAt, trace } = message;
  return (
    <Facts
      facts={[
        [t("messages.id"), <Copyable key="id" text={id} />],
        [t("messages.eventId"), eventId === null ? "–" : <Copyable key="eventId" text={eventId} />],
        [t("messages.received"), <Time key="at" at={timestamp} />],
        [t("messages.channels"), <Tags key="channels" names={channels} />],
        [t("messages.tags"), <Tags key="tags" names={tags} />],
        ...(deliverAt === null ? [] : [[t("messages.deliverAt"), <Time key="later" at={deliverAt} />] as const]),
        ...(expiresAt === null ? [] : [[t("messages.expiresAt"), <Time key="end" at={expiresAt} />] as const]),
        ...(erasedAt === undefined ? [] : [[t("messages.erasedAt"), <Time key="erased" at={erasedAt} />] as const]),
        ...(trace === undefined ? [] : [[t("messages.trace"), <TraceLink key="trace" trace={trace} />] as const]),
      ]}
    />
  );
}

function Body({ message }: { readonly message: ExactMessage }) {
  const { t } = useTranslation();
  const { body, contentType, erasedAt } = message;
  if (body === null) return <Note tone="warn">{t(erasedAt === undefined ? "messages.gone" : "messages.erased")}</Note>;
  return <Payload label={t("messages.payload")} {...body} contentType={contentType} />;
}
