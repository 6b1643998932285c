import { useQuery } from "@tanstack/react-query";
import { Inbox, ShieldCheck, ShieldQuestion } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { ExactMessage } from "../api/message.ts";
import { Badge } from "../components/badge.tsx";
import { Time } from "../components/time.tsx";
import { trustOf } from "../lib/trust.ts";
import { Headers } from "./headers.tsx";
import { Step } from "./timeline-step.tsx";
import { requestLine } from "../lib/request-line.ts";

export interface InboundStepsProps {
  readonly source: string;
  readonly message: ExactMessage;
}

/** Timeline steps of a received event: the request, and its verification. */
export function InboundSteps({ source, message }: InboundStepsProps) {
  const { t } = useTranslation();
  const path = { source_id: source, event_id: message.id };
  const event = useQuery({
    queryKey: ["source", source, "event", message.id],
    queryFn: () => must(api.GET("/ingest/api/v1/source/{source_id}/event/{event_id}", { params: { path } })),
  });
  const { data } = event;
  const trust = trustOf(data?.trust ?? "");
  const proven = trust !== "none" && trust !== "unknown";
  return (
    <>
      <Step icon={Inbox} tone="good" title={t("timeline.received")} end={<Time at={message.timestamp} />}>
        <p className="muted">{t("timeline.receivedFrom", { type: message.eventType, from: data?.address ?? "–" })}</p>
        {data !== undefined && data.receivedCount > 1 && (
          <p>
            {t("duplicates.received", { count: data.receivedCount })}{" "}
            <span className="muted">
              {t("duplicates.lastAt")} <Time at={data.lastReceivedAt} />. {t("duplicates.notForwarded")}
            </span>
          </p>
        )}
        {data !== undefined && (
          <details>
            <summary>
              <code>{requestLine(data)}</code>
            </summary>
            <Headers headers={data.headers} />
          </details>
        )}
      </Step>
      {data !== undefined && (
        <Step
          icon={proven ? ShieldCheck : ShieldQuestion}
          tone={proven ? "good" : "warn"}
          title={t(proven ? "timeline.verified" : "timeline.notVerified")}
          badge={<Badge tone={proven ? "good" : "warn"}>{data.scheme}</Badge>}
        >
          <p className="muted">{t(`timeline.trusts.${trust}`, { provider: data.provider })}</p>
          {data.deliveryId !== null && (
            <p className="muted">
              {t("sources.deliveryId")}: <code>{data.deliveryId}</code>
            </p>
          )}
        </Step>
      )}
    </>
  );
}
