/** Page of one capture: its requests as they arrive, the configured response, and forwarding to another URL. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { type List, useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Allowed } from "../components/allowed.tsx";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Copy } from "../components/copy.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Page } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { formatBytes } from "../lib/format.ts";
import { useLiveRefresh } from "../live/use-live.ts";
import { CaptureEndpoint } from "../parts/capture-endpoint.tsx";
import { CaptureResponseCard } from "../parts/capture-response.tsx";
import { CapturedRequest } from "../parts/captured-request.tsx";
import { LiveIndicator } from "../parts/live-indicator.tsx";
import { SendToCapture } from "../parts/send-to-capture.tsx";
import styles from "./capture.module.css";

type Event = components["schemas"]["IngestEventOut"];

const LIVE_PACE_MS = 300;

export function CapturePage() {
  const { t } = useTranslation();
  const { source: id } = useParams({ from: "/operator/capture/$source" });
  const { request } = useSearch({ from: "/operator/capture/$source" });
  const capture = useQuery({
    queryKey: ["source", id],
    queryFn: () => must(api.GET("/ingest/api/v1/source/{source_id}", { params: { path: { source_id: id } } })),
  });
  const list = useList(["capture", id, "events"], (page) =>
    must(api.GET("/ingest/api/v1/source/{source_id}/event", { params: { path: { source_id: id }, query: page } })),
  );
  useLiveRefresh(
    [["capture", id, "events"]],
    (event) => event.type === "message.accepted" && event.appId === id,
    LIVE_PACE_MS,
  );
  if (capture.error !== null) return <Failed error={capture.error} retry={() => void capture.refetch()} />;
  if (capture.data === undefined) return <Loading />;
  const { data } = capture;
  const shown = request ?? list.rows[0]?.id;
  return (
    <Page
      title={data.name}
      badge={
        <Badge tone="info">
          {t("capture.ends")} <Time at={data.expiresAt} relative />
        </Badge>
      }
      crumbs={[
        <Link key="all" to="/capture">
          {t("capture.title")}
        </Link>,
      ]}
      actions={
        <>
          {/* Others see the URL without its token. */}
          <Allowed to="secrets:read">
            <CaptureEndpoint name={data.name} url={data.ingestUrl ?? ""} />
          </Allowed>
          <Delete id={id} />
        </>
      }
    >
      <div className={styles["url"]}>
        <code>{data.ingestUrl}</code>
        <Copy text={data.ingestUrl ?? ""} />
        <SendToCapture url={data.ingestUrl ?? ""} />
      </div>
      <div className={styles["panes"]}>
        <section className={styles["list"]} aria-label={t("capture.requests")}>
          <div className={styles["listHead"]}>
            <h2>{t("capture.requests")}</h2>
            <LiveIndicator short />
          </div>
          <Requests list={list} shown={shown} />
        </section>
        <div className={styles["detail"]}>
          {shown === undefined ? (
            <p className={styles["waiting"]}>{t("capture.waiting")}</p>
          ) : (
            <CapturedRequest key={shown} source={id} id={shown} />
          )}
        </div>
      </div>
      <CaptureResponseCard key={data.updatedAt} capture={data} />
    </Page>
  );
}

interface RequestsProps {
  readonly list: List<Event>;
  readonly shown: string | undefined;
}

function Requests({ list, shown }: RequestsProps) {
  const { t, i18n } = useTranslation();
  if (list.error !== null) return <Failed error={list.error} retry={list.reload} />;
  if (list.isLoading) return <Loading lines={3} />;
  if (list.rows.length === 0) return <p className={styles["none"]}>{t("capture.nothing")}</p>;
  return (
    <ol className={styles["rows"]}>
      {list.rows.map((row) => (
        <li key={row.id}>
          <Link
            to="."
            search={{ request: row.id }}
            className={styles["row"]}
            aria-current={row.id === shown ? "true" : undefined}
            resetScroll={false}
          >
            <strong>{row.method}</strong>
            <code className={styles["path"]}>{row.path === "" ? "/" : row.path}</code>
            <span className="muted numeric">
              {row.bodyBytes === null ? "–" : formatBytes(i18n.language, row.bodyBytes)}
            </span>
            <span className="muted">
              <Time at={row.receivedAt} relative />
            </span>
          </Link>
        </li>
      ))}
      {list.hasMore && (
        <li>
          <Button kind="quiet" small onClick={list.loadMore} disabled={list.isLoadingMore}>
            {t("list.more")}
          </Button>
        </li>
      )}
    </ol>
  );
}

function Delete({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  return (
    <Confirm
      needs="sources:write"
      trigger={
        <Button kind="danger">
          <Trash2 aria-hidden />
          {t("actions.delete")}
        </Button>
      }
      title={t("capture.deleteTitle")}
      text={t("capture.deleteText")}
      action={t("actions.delete")}
      danger
      onConfirm={async () => {
        await must(api.DELETE("/ingest/api/v1/source/{source_id}", { params: { path: { source_id: id } } }));
        await queries.invalidateQueries({ queryKey: ["captures"] });
        await navigate({ to: "/capture" });
      }}
    />
  );
}
