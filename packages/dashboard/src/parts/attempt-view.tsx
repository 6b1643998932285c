/** Page of one attempt: cause, timing, request, response, and changes before sending. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Url } from "../components/url.tsx";
import { type ExactBody, getMessage } from "../api/message.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Copy, Copyable } from "../components/copy.tsx";
import { Card, Columns, Facts, Page } from "../components/page.tsx";
import { Payload } from "../components/payload.tsx";
import { Failed, Loading, Note } from "../components/state.tsx";
import { Status } from "../components/status.tsx";
import { Time } from "../components/time.tsx";
import { attemptCause } from "../lib/cause.ts";
import { toCurl } from "../lib/curl.ts";
import { formatBytes } from "../lib/format.ts";
import { attemptText, serverText } from "../lib/server-text.ts";
import { useAudience } from "../session/audience.ts";
import { Link } from "@tanstack/react-router";
import { ShareDialog } from "./share-dialog.tsx";
import { AttemptComparison, AttemptSteps, SendAgain } from "./attempt-steps.tsx";
import styles from "./attempt-view.module.css";
import { Headers } from "./headers.tsx";
import { ServerSentence } from "../components/server-sentence.tsx";
import { Change, sentTypeOf, useAttempt } from "./message-change.tsx";
import { TraceLink } from "./trace-link.tsx";
import { Waterfall } from "./waterfall.tsx";

type Attempt = components["schemas"]["MessageAttemptOut"];
type Detail = components["schemas"]["AttemptDetail"];

export interface AttemptViewProps {
  readonly app: string;
  readonly message: string;
  readonly id: string;
}

export function AttemptView({ app, message, id }: AttemptViewProps) {
  const { t, i18n } = useTranslation();
  const audience = useAudience();
  const path = { app_id: app, msg_id: message };
  const attempt = useAttempt({ app, message, id });
  const published = useQuery({
    queryKey: ["message", app, message],
    queryFn: () => getMessage(path),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (attempt.error !== null) return <Failed error={attempt.error} retry={() => void attempt.refetch()} />;
  if (attempt.data === undefined) return <Loading />;
  const { data } = attempt;
  const detail = data.detail ?? null;
  const request = detail?.request ?? null;
  const sent = detail?.change?.body ?? null;
  const body = sent === null ? (published.data?.body ?? null) : { text: sent.text, base64: sent.encoding === "base64" };
  const sentType = sentTypeOf(detail);
  return (
    <Page
      title={t("attempts.titleOf", { cause: attemptCause(t, data) })}
      badge={<Status status={data.status} />}
      crumbs={[
        ...audience.crumbs(app, "messages"),
        <Link key="message" {...audience.message(app, message)}>
          {published.data?.eventType ?? t("messages.one")}
        </Link>,
      ]}
      actions={
        <>
          <SendAgain app={app} attempt={data} />
          {audience.kind === "operator" && <ShareDialog app={app} message={message} attempt={id} />}
          {request !== null && (
            <Copy label={t("attempts.copyCurl")} text={toCurl({ ...request, body: body?.text ?? null })} />
          )}
        </>
      }
    >
      <AttemptSteps app={app} attempt={data} />
      {detail?.sentence !== null && detail?.sentence !== undefined && (
        <Note tone="bad">
          <ServerSentence {...attemptText(i18n, data, detail.sentence)} />
        </Note>
      )}
      {detail?.warnings.map((warning) => (
        <Note key={warning.code} tone="warn">
          <ServerSentence {...serverText(i18n, "warning", warning.code, warning.message)} />
        </Note>
      ))}
      <Columns>
        <Card title={t("attempts.one")}>
          <AttemptFacts app={app} attempt={data} detail={detail} />
        </Card>
        <Card title={t("attempts.phases")}>
          {detail === null ? <p className="muted">{t("attempts.expunged")}</p> : <Waterfall timings={detail.timings} />}
        </Card>
      </Columns>
      {detail !== null && detail.change !== null && (
        <Card title={t("attempts.changed")} lead={t("attempts.changedLead")}>
          <Change detail={detail} published={published.data} />
        </Card>
      )}
      <Columns>
        <Request detail={detail} body={body} contentType={sentType} />
        <Response attempt={data} detail={detail} />
      </Columns>
      <AttemptComparison key={id} app={app} attempt={data} />
    </Page>
  );
}

function AttemptFacts({
  app,
  attempt,
  detail,
}: {
  readonly app: string;
  readonly attempt: Attempt;
  readonly detail: Detail | null;
}) {
  const { t } = useTranslation();
  const audience = useAudience();
  const connection = detail?.connection;
  return (
    <Facts
      facts={[
        [
          t("endpoints.one"),
          <Link key="endpoint" {...audience.endpoint(app, attempt.endpointId)} title={attempt.url}>
            <Url url={attempt.url} />
          </Link>,
        ],
        [t("messages.time"), <Time key="time" at={attempt.timestamp} />],
        ...(attempt.trace === undefined
          ? []
          : [[t("messages.trace"), <TraceLink key="trace" trace={attempt.trace} />] as const]),
        [t("attempts.trigger"), t(attempt.triggerType === 1 ? "attempts.manual" : "attempts.scheduled")],
        ...(detail?.nextAttempt === null || detail === null
          ? []
          : [
              [
                t("attempts.next"),
                <span key="next">
                  <Time at={detail.nextAttempt} relative /> (<Time at={detail.nextAttempt} />)
                </span>,
              ] as const,
            ]),
        [
          t("attempts.peer"),
          connection?.peer === null || connection === undefined ? (
            "–"
          ) : (
            <span key="peer">
              <code>{connection.peer}</code>{" "}
              <span className="muted">{t(connection.reused ? "attempts.reused" : "attempts.fresh")}</span>
            </span>
          ),
        ],
        [
          t("attempts.tls"),
          connection?.tlsProtocol === null || connection === undefined ? (
            t("attempts.noTls")
          ) : (
            <span key="tls">
              {connection.tlsProtocol}
              {connection.certificateValidTo !== null && (
                <>
                  {" · "}
                  {t("attempts.validTo")} <Time at={connection.certificateValidTo} />
                </>
              )}
            </span>
          ),
        ],
        [t("messages.id"), <Copyable key="id" text={attempt.id} />],
      ]}
    />
  );
}

interface RequestProps {
  readonly detail: Detail | null;
  readonly body: Pick<ExactBody, "text" | "base64"> | null;
  readonly contentType: string;
}

function Request({ detail, body, contentType }: RequestProps) {
  const { t, i18n } = useTranslation();
  if (detail === null) return null;
  if (detail.request === null) {
    return (
      <Card title={t("attempts.request")}>
        <p className="muted">{t("attempts.unsent")}</p>
      </Card>
    );
  }
  const { method, url, headers, bodyBytes } = detail.request;
  return (
    <Card title={t("attempts.request")}>
      <p className={styles["line"]}>
        <strong>{method}</strong> {url}
      </p>
      <Headers headers={headers} />
      {body === null ? (
        <p className="muted">{t("attempts.bodyGone", { size: formatBytes(i18n.language, bodyBytes) })}</p>
      ) : (
        <Payload label={t("attempts.requestBody")} text={body.text} base64={body.base64} contentType={contentType} />
      )}
    </Card>
  );
}

function Response({ attempt, detail }: { readonly attempt: Attempt; readonly detail: Detail | null }) {
  const { t } = useTranslation();
  const response = detail?.response ?? null;
  return (
    <Card
      title={t("attempts.response")}
      actions={
        attempt.responseStatusCode > 0 && (
          <Badge tone={attempt.status === 0 ? "good" : "bad"}>{attempt.responseStatusCode}</Badge>
        )
      }
    >
      {response === null ? (
        <p className="muted">{t("attempts.noResponseText")}</p>
      ) : (
        <Headers headers={response.headers} cut={response.headersCut} />
      )}
      <ResponseBody attempt={attempt} detail={detail} />
    </Card>
  );
}

function ResponseBody({ attempt, detail }: { readonly attempt: Attempt; readonly detail: Detail | null }) {
  const { t } = useTranslation();
  const response = detail?.response ?? null;
  // Without a response, this is the sentence at the top of the page.
  if (response === null && detail?.sentence === attempt.response) return null;
  if (attempt.response === "") return <p className="muted">{t("attempts.emptyBody")}</p>;
  const contentType = response?.headers.find(({ name }) => name.toLowerCase() === "content-type")?.value ?? "";
  return (
    <Payload
      label={t("attempts.responseBody")}
      text={attempt.response}
      contentType={contentType}
      note={response?.truncated === true && <span>{t("attempts.cut")}</span>}
    />
  );
}
