import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Card, Facts } from "../components/page.tsx";
import { Time } from "../components/time.tsx";
import { formatNumber } from "../lib/format.ts";
import styles from "./source-duplicates.module.css";

const EVERY_MS = 5000;
/** Maximum number of repeated messages listed. */
const MAX_SHOWN = 5;

/** Duplicates that the provider sent: their number, the time of the last one, and the repeated messages. */
export function SourceDuplicates({ source }: { readonly source: string }) {
  const { t, i18n } = useTranslation();
  const { data } = useQuery({
    queryKey: ["source", source, "duplicates"],
    queryFn: () =>
      must(api.GET("/ingest/api/v1/source/{source_id}/duplicates", { params: { path: { source_id: source } } })),
    refetchInterval: EVERY_MS,
  });
  return (
    <Card title={t("duplicates.title")} lead={t("duplicates.lead")}>
      <Facts
        facts={[
          [t("duplicates.count"), data === undefined ? "–" : formatNumber(i18n.language, data.count)],
          [t("duplicates.last"), <Time key="last" at={data?.lastAt} relative />],
        ]}
      />
      {data !== undefined && data.messages.length > 0 && (
        <ul className={styles["messages"]} aria-label={t("duplicates.messages")}>
          {data.messages.slice(0, MAX_SHOWN).map((message) => (
            <li key={message.id}>
              <Link to="/applications/$app/messages/$message" params={{ app: source, message: message.id }}>
                {message.eventType}
              </Link>
              <span className="muted">
                {t("duplicates.received", { count: message.receivedCount })} ·{" "}
                <Time at={message.lastReceivedAt} relative />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
