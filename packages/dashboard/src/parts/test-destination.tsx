import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Facts } from "../components/page.tsx";
import { ServerSentence } from "../components/server-sentence.tsx";
import { Loading } from "../components/state.tsx";
import { httpStatus } from "../lib/http-status.ts";
import { PING } from "../lib/send-example.ts";
import { attemptText } from "../lib/server-text.ts";
import { useAudience } from "../session/audience.ts";
import type { EndpointActionsProps } from "./endpoint-props.ts";
import styles from "./destination.module.css";
import { SendDialog } from "./send-dialog.tsx";

/** Dialog that sends a marked test event and shows what the destination responded. */
export function TestDestination({ app, endpoint }: EndpointActionsProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const test = useMutation({
    mutationFn: () =>
      must(
        api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/test", {
          params: { path: { app_id: app, endpoint_id: endpoint.id } },
          body: { eventType: PING },
        }),
      ),
  });
  return (
    <SendDialog
      title={t("destinations.test")}
      lead={t("destinations.testText")}
      open={open}
      onOpenChange={setOpen}
      onSubmit={() => test.mutate()}
      error={test.error}
      busy={test.isPending}
    >
      {test.isPending && <Loading lines={2} />}
      {test.data !== undefined && !test.isPending && <Result app={app} result={test.data} />}
    </SendDialog>
  );
}

type Attempt = NonNullable<components["schemas"]["EndpointTestOut"]["attempt"]>;

/** Response of the destination. Brokers have no HTTP status, and few destinations return everything. */
function answerOf(t: TFunction, { responseStatusCode, response, detail }: Attempt): readonly [string, ReactNode][] {
  const reference = detail?.reference ?? "";
  const facts: (readonly [string, ReactNode, boolean])[] = [
    [t("destinations.status"), httpStatus(responseStatusCode), responseStatusCode > 0],
    [t("destinations.reference"), <code key="reference">{reference}</code>, reference !== ""],
    [t("attempts.response"), <code key="response">{response.slice(0, 500)}</code>, response !== ""],
  ];
  return facts.flatMap(([name, value, isKnown]) => (isKnown ? [[name, value]] : []));
}

interface ResultProps {
  readonly app: string;
  readonly result: components["schemas"]["EndpointTestOut"];
}

function Result({ app, result: { message, attempt } }: ResultProps) {
  const { t, i18n } = useTranslation();
  const audience = useAudience();
  const isOk = attempt?.status === 0;
  return (
    <div className={styles["response"]} role="status">
      {attempt === null ? (
        <p>{t("destinations.testWaits")}</p>
      ) : (
        <>
          <p>
            <Badge tone={isOk ? "good" : "bad"}>{t(isOk ? "destinations.testOk" : "destinations.testFailed")}</Badge>
          </p>
          {!isOk && attempt.detail !== null && attempt.detail !== undefined && (
            <p>
              <ServerSentence {...attemptText(i18n, attempt, attempt.detail.sentence ?? attempt.response)} />
            </p>
          )}
          <Facts facts={answerOf(t, attempt)} />
        </>
      )}
      <Link {...audience.message(app, message.id)}>{t("destinations.testMessage")}</Link>
    </div>
  );
}
