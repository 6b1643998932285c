/** The other attempts of a delivery: previous and next, a comparison, and another attempt. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight, RotateCcw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Button } from "../components/button.tsx";
import { Diff } from "../components/diff.tsx";
import { FormError } from "../components/form.tsx";
import { Card } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { requestText, responseText } from "../lib/attempt-text.ts";
import { progressOf } from "../lib/message-queries.ts";
import { useAudience } from "../session/audience.ts";
import styles from "./attempt-view.module.css";
import { sentTypeOf, useAttempt } from "./message-change.tsx";
import { prettyLines } from "./payload-text.ts";
import { useAttempts } from "./use-attempts.ts";

type Attempt = components["schemas"]["MessageAttemptOut"];

export interface AttemptStepsProps {
  readonly app: string;
  readonly attempt: Attempt;
}

/** Attempts of the same message at the same endpoint, oldest first, and the place of this one. */
function useSiblings(app: string, { id, msgId, endpointId }: Attempt) {
  const attempts = useAttempts(app, msgId, endpointId);
  const all = (attempts.data?.data ?? []).toSorted((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
  const at = all.findIndex((one) => one.id === id);
  return { all, at, previous: all[at - 1], next: at === -1 ? undefined : all[at + 1] };
}

/** Links to the attempts before and after this one. */
export function AttemptSteps({ app, attempt }: AttemptStepsProps) {
  const { t } = useTranslation();
  const audience = useAudience();
  const { all, at, previous, next } = useSiblings(app, attempt);
  if (at === -1 || all.length < 2) return null;
  return (
    <nav className={styles["steps"]} aria-label={t("attempts.steps")}>
      {previous !== undefined && (
        <Link {...audience.attempt(app, attempt.msgId, previous.id)} rel="prev">
          <ChevronLeft aria-hidden />
          {t("attempts.previous")}
        </Link>
      )}
      <span className="muted">{t("attempts.place", { number: at + 1, count: all.length })}</span>
      {next !== undefined && (
        <Link {...audience.attempt(app, attempt.msgId, next.id)} rel="next">
          {t("attempts.following")}
          <ChevronRight aria-hidden />
        </Link>
      )}
    </nav>
  );
}

/** Sends the message to the endpoint once more, and shows the message. */
export function SendAgain({ app, attempt }: AttemptStepsProps) {
  const { t } = useTranslation();
  const { kind, can, message } = useAudience();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { msgId, endpointId } = attempt;
  const send = useMutation({
    mutationFn: () =>
      must(
        api.POST("/api/v1/app/{app_id}/msg/{msg_id}/endpoint/{endpoint_id}/resend", {
          params: { path: { app_id: app, msg_id: msgId, endpoint_id: endpointId } },
        }),
      ),
    onSuccess: async () => {
      await Promise.all(progressOf(app, msgId).map((queryKey) => queries.invalidateQueries({ queryKey })));
      await navigate(message(app, msgId));
    },
  });
  if (kind === "portal" && !can("CreateAttempts")) return null;
  return (
    <>
      <FormError error={send.error} />
      <Button needs="messages:replay" small onClick={() => send.mutate()} disabled={send.isPending}>
        <RotateCcw aria-hidden />
        {t("actions.resend")}
      </Button>
    </>
  );
}

/** Compares request and response with those of the attempt before. Loads it when it is opened. */
export function AttemptComparison({ app, attempt }: AttemptStepsProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const { previous } = useSiblings(app, attempt);
  const before = useAttempt({ app, message: attempt.msgId, id: previous?.id ?? "" }, open && previous !== undefined);
  const text = useTexts();
  if (previous === undefined) return null;
  return (
    <Card title={t("attempts.compare")} lead={t("attempts.compareLead")}>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{t("attempts.showDifferences")}</summary>
        {before.error !== null && <Failed error={before.error} retry={() => void before.refetch()} />}
        {open && before.isPending && <Loading lines={3} />}
        {before.data !== undefined && (
          <div className={styles["differences"]}>
            <h3>{t("attempts.request")}</h3>
            <Diff label={t("attempts.request")} before={text.request(before.data)} after={text.request(attempt)} />
            <h3>{t("attempts.response")}</h3>
            <Diff label={t("attempts.response")} before={text.response(before.data)} after={text.response(attempt)} />
          </div>
        )}
      </details>
    </Card>
  );
}

/** Request and response of an attempt as text. A body that was sent as published is left out: it is the same in each attempt. */
function useTexts() {
  const { t } = useTranslation();
  const hidden = t("attempts.hidden");
  return {
    request: ({ detail = null }: Attempt): string => {
      if (detail === null) return t("attempts.expunged");
      if (detail.request === null) return t("attempts.unsent");
      const sent = detail.change?.body ?? null;
      const base64 = sent?.encoding === "base64";
      const body = sent === null ? [] : prettyLines({ text: sent.text, base64, contentType: sentTypeOf(detail) });
      return requestText(detail.request, body, hidden);
    },
    response: ({ detail, responseStatusCode, response }: Attempt): string => {
      const headers = detail?.response?.headers ?? [];
      const contentType = headers.find(({ name }) => name.toLowerCase() === "content-type")?.value ?? "";
      const body = prettyLines({ text: response, base64: false, contentType });
      return responseText(responseStatusCode, headers, body, { hidden, none: t("attempts.noResponse") });
    },
  };
}
