import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Send } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { FormDialog } from "../components/form-dialog.tsx";
import { Facts } from "../components/page.tsx";
import { Loading } from "../components/state.tsx";
import { PING } from "../lib/send-example.ts";
import { useAudience } from "../session/audience.ts";
import type { EndpointActionsProps } from "./endpoint-props.ts";
import styles from "./destination.module.css";

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
    <FormDialog
      trigger={
        <Button>
          <Send aria-hidden />
          {t("endpoints.test")}
        </Button>
      }
      title={t("endpoints.test")}
      open={open}
      onOpenChange={setOpen}
      submit={t("actions.send")}
      onSubmit={() => test.mutate()}
      error={test.error}
      busy={test.isPending}
    >
      <p className="muted">{t("destinations.testText")}</p>
      {test.isPending && <Loading lines={2} />}
      {test.data !== undefined && !test.isPending && <Result app={app} result={test.data} />}
    </FormDialog>
  );
}

interface ResultProps {
  readonly app: string;
  readonly result: components["schemas"]["EndpointTestOut"];
}

function Result({ app, result: { message, attempt } }: ResultProps) {
  const { t } = useTranslation();
  const audience = useAudience();
  const isOk = attempt?.status === 0;
  const reference = attempt?.detail?.reference ?? null;
  return (
    <div className={styles["response"]} role="status">
      {attempt === null ? (
        <p>{t("destinations.testWaits")}</p>
      ) : (
        <>
          <p>
            <Badge tone={isOk ? "good" : "bad"}>{t(isOk ? "destinations.testOk" : "destinations.testFailed")}</Badge>
          </p>
          {!isOk && <p>{attempt.detail?.sentence ?? attempt.response}</p>}
          <Facts
            facts={[
              [t("destinations.status"), attempt.responseStatusCode === 0 ? "–" : String(attempt.responseStatusCode)],
              [t("destinations.reference"), reference ?? "–"],
              [t("attempts.response"), attempt.response === "" ? "–" : attempt.response.slice(0, 500)],
            ]}
          />
        </>
      )}
      <Link {...audience.message(app, message.id)}>{t("destinations.testMessage")}</Link>
    </div>
  );
}
