import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Stethoscope } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { FormError } from "../components/form.tsx";
import { Card, Columns, Facts, Page } from "../components/page.tsx";
import { Payload } from "../components/payload.tsx";
import { Failed, Loading, Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { isForged, quarantineReason } from "../lib/quarantine.ts";
import { requestLine } from "../lib/request-line.ts";
import { serverText } from "../lib/server-text.ts";
import { useAudience } from "../session/audience.ts";
import { Diagnosis } from "../parts/diagnosis.tsx";
import { Headers } from "../parts/headers.tsx";
import { ServerSentence } from "../components/server-sentence.tsx";

/** Page of a quarantined request: why verification failed, the request, and actions to release or delete it. */
export function QuarantinedPage() {
  const { t, i18n } = useTranslation();
  const { source, request: id } = useParams({ from: "/operator/sources/$source/quarantine/$request" });
  const path = { source_id: source, request_id: id };
  const request = useQuery({
    queryKey: ["quarantined", source, id],
    queryFn: () => must(api.GET("/ingest/api/v1/source/{source_id}/quarantine/{request_id}", { params: { path } })),
  });
  if (request.error !== null) return <Failed error={request.error} retry={() => void request.refetch()} />;
  if (request.data === undefined) return <Loading />;
  const { data } = request;
  return (
    <Page
      title={t("quarantine.one")}
      crumbs={[
        <Link key="all" to="/sources">
          {t("sources.title")}
        </Link>,
        <Link key="source" to="/sources/$source" params={{ source }} search={{ tab: "quarantine" }}>
          {t("sources.tabs.quarantine")}
        </Link>,
      ]}
      actions={<QuarantineActions source={source} id={id} kept={data.bodyKept} reason={data.reason} />}
    >
      <Note tone="bad">
        <ServerSentence {...serverText(i18n, "quarantine", data.reason, data.detail)} />
      </Note>
      {data.bodyKept && <Doctor source={source} id={id} reason={data.reason} />}
      <Columns>
        <Card title={t("attempts.request")}>
          <Facts
            facts={[
              [t("quarantine.reason"), <Reason key="reason" code={data.reason} />],
              [t("quarantine.from"), <code key="from">{data.address}</code>],
              [t("messages.time"), <Time key="time" at={data.timestamp} />],
              [t("quarantine.line"), <code key="line">{requestLine(data)}</code>],
            ]}
          />
          <Headers headers={data.headers} />
        </Card>
        <Card title={t("attempts.requestBody")}>
          {data.body === null ? (
            <p className="muted">{t("quarantine.notKept")}</p>
          ) : (
            <Payload
              label={t("attempts.requestBody")}
              text={data.body}
              base64={data.bodyEncoding === "base64"}
              contentType={data.contentType}
            />
          )}
        </Card>
      </Columns>
    </Page>
  );
}

/** The name of a reason with its code, which the API has. */
function Reason({ code }: { readonly code: string }) {
  const { t } = useTranslation();
  const known = quarantineReason(code);
  return (
    <>
      {known !== undefined && `${t(`quarantineReasons.${known}`)} `}
      <code className="muted">{code}</code>
    </>
  );
}

interface Ref {
  readonly source: string;
  readonly id: string;
}

function QuarantineActions({ source, id, kept, reason }: Ref & { readonly kept: boolean; readonly reason: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const params = { path: { source_id: source, request_id: id } };
  const leave = async (): Promise<void> => {
    await queries.invalidateQueries({ queryKey: ["source", source] });
    await navigate({ to: "/sources/$source", params: { source }, search: { tab: "quarantine" } });
  };
  const release = async (): Promise<void> => {
    await must(api.POST("/ingest/api/v1/source/{source_id}/quarantine/{request_id}/release", { params }));
    await leave();
  };
  const remove = async (): Promise<void> => {
    await must(api.DELETE("/ingest/api/v1/source/{source_id}/quarantine/{request_id}", { params }));
    await leave();
  };
  return (
    <>
      <Confirm
        needs="sources:write"
        trigger={<Button disabled={!kept}>{t("quarantine.release")}</Button>}
        title={t("quarantine.releaseTitle")}
        text={t(isForged(reason) ? "quarantine.releaseForged" : "quarantine.releaseText")}
        action={t("quarantine.release")}
        danger={isForged(reason)}
        onConfirm={release}
      />
      <Confirm
        needs="sources:write"
        trigger={<Button kind="danger">{t("actions.delete")}</Button>}
        title={t("quarantine.deleteTitle")}
        text={t("quarantine.deleteText")}
        action={t("actions.delete")}
        danger
        onConfirm={remove}
      />
    </>
  );
}

/**
 * Diagnoses why verification failed, using the current settings of the source. Runs automatically, because the server bounds its work, and only
 * once, because each run is a view of the payload in the audit log.
 */
function Doctor({ source, id, reason }: Ref & { readonly reason: string }) {
  const { t } = useTranslation();
  const may = useAudience().may("payloads:read");
  const params = { path: { source_id: source, request_id: id } };
  const diagnosis = useQuery({
    queryKey: ["diagnosis", source, id],
    queryFn: () => must(api.POST("/ingest/api/v1/source/{source_id}/quarantine/{request_id}/diagnose", { params })),
    enabled: may,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  if (!may) return null;
  return (
    <Card
      title={t("doctor.title")}
      lead={t("doctor.lead")}
      actions={
        <Button onClick={() => void diagnosis.refetch()} disabled={diagnosis.isFetching}>
          <Stethoscope aria-hidden />
          {t("doctor.again")}
        </Button>
      }
    >
      <FormError error={diagnosis.error} />
      {diagnosis.isLoading && <Loading lines={2} />}
      <div role="status">
        {diagnosis.data !== undefined && <Diagnosis diagnosis={diagnosis.data} ok={t("doctor.ok")} known={reason} />}
      </div>
    </Card>
  );
}
