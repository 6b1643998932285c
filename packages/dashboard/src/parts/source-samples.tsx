/** Latest events of a source with their payloads, and a dialog that sends one. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Tag } from "../components/badge.tsx";
import { AreaField } from "../components/form.tsx";
import { PickField } from "../components/pick-field.tsx";
import { eventTypesOf as receivedTypesOf } from "../lib/option-sources.ts";
import { Card } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { contentOf } from "../lib/message-content.ts";
import type { Source } from "../lib/source-form.ts";
import { eventTypesOf } from "../lib/source-kind.ts";
import { SendDialog } from "./send-dialog.tsx";
import { useSourceKind } from "./use-destination-kinds.ts";
import styles from "./source-state.module.css";

const SHOWN = 8;
const EVERY_MS = 5000;

/** Newest messages with their payloads. Also of applications. */
export function useRecentMessages(app: string, limit: number, eventTypes: readonly string[] = []) {
  return useQuery({
    queryKey: ["recent-messages", app, limit, eventTypes],
    queryFn: () =>
      must(
        api.GET("/api/v1/app/{app_id}/msg", {
          params: {
            path: { app_id: app },
            query: { limit, with_content: true, ...(eventTypes.length === 0 ? {} : { event_types: [...eventTypes] }) },
          },
        }),
      ),
    enabled: app !== "",
    refetchInterval: EVERY_MS,
  });
}

export function SourceSamples({ source }: { readonly source: Source }) {
  const { t } = useTranslation();
  const recent = useRecentMessages(source.id, SHOWN);
  const rows = recent.data?.data ?? [];
  return (
    <Card
      title={t("sourceKinds.samples")}
      lead={t("sourceKinds.samplesLead")}
      actions={
        <SendSample
          source={source}
          last={rows[0] === undefined ? null : { eventType: rows[0].eventType, json: contentOf(rows[0]).json }}
        />
      }
    >
      {recent.error !== null && <Failed error={recent.error} retry={() => void recent.refetch()} />}
      {recent.isPending && <Loading lines={3} />}
      {recent.data !== undefined && rows.length === 0 && <p className="muted">{t("sources.noEvents")}</p>}
      <ul className={styles["samples"]}>
        {rows.map(({ id, eventType, timestamp, ...message }) => (
          <li key={id}>
            <details className={styles["sample"]}>
              <summary>
                <Tag>{eventType}</Tag>
                <code>{contentOf(message).short}</code>
                <Time at={timestamp} relative />
              </summary>
              <pre className={styles["payload"]} tabIndex={0} role="group" aria-label={t("messages.payload")}>
                {contentOf(message).long}
              </pre>
              <Link to="/applications/$app/messages/$message" params={{ app: source.id, message: id }}>
                {t("sourceKinds.openMessage")}
              </Link>
            </details>
          </li>
        ))}
      </ul>
    </Card>
  );
}

interface Last {
  readonly eventType: string;
  /** `undefined`: its content is not JSON. */
  readonly json: unknown;
}

/** Publishes an event to the source as if it had been read. */
function SendSample({ source, last }: { readonly source: Source; readonly last: Last | null }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const kind = useSourceKind(source.kind);
  const [open, setOpen] = useState(false);
  const send = useMutation({
    mutationFn: ({ eventType = "", payload = "" }: Readonly<Record<string, string>>) =>
      must(
        api.POST("/ingest/api/v1/source/{source_id}/sample", {
          params: { path: { source_id: source.id } },
          body: { eventType: eventType.trim(), payload: JSON.parse(payload) as unknown },
        }),
      ),
    onSuccess: async () => {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: ["recent-messages", source.id] });
    },
  });
  const type = last?.eventType ?? eventTypesOf(source, kind?.events ?? [])[0] ?? "";
  return (
    <SendDialog
      needs="messages:publish"
      title={t("sourceKinds.send")}
      lead={t("sourceKinds.sendLead")}
      open={open}
      onOpenChange={setOpen}
      onSubmit={(values) => send.mutate(values)}
      error={send.error}
      busy={send.isPending}
    >
      <PickField
        name="eventType"
        source={receivedTypesOf(source.id)}
        label={t("messages.type")}
        value={type}
        required
      />
      <AreaField
        name="payload"
        label={t("destinations.samplePayload")}
        value={last?.json === undefined ? '{\n  "value": 1\n}' : JSON.stringify(last.json, null, 2)}
        rows={8}
        required
      />
    </SendDialog>
  );
}
