/** List of the first steps on a new server. Steps are checked off as the server sees them done. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck, CircleDashed } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Card } from "../components/page.tsx";
import { FIRST_STEPS, firstSource, type FirstStep, hasOpenedPortal, keepOpenedPortal } from "../lib/first-run.ts";
import { AlertStep, PortalStep, SendStep } from "../parts/first-steps.tsx";
import { NewSource } from "../parts/new-source.tsx";
import styles from "./first-run.module.css";

const EVERY_MS = 3000;

interface FirstRunProps {
  /** Whether a message was published. */
  readonly hasMessages: boolean;
  readonly onHide: () => void;
}

export function FirstRun({ hasMessages, onHide }: FirstRunProps) {
  const { t } = useTranslation();
  const { source, first } = useFirstSource();
  const [portal, setPortal] = useState(hasOpenedPortal);
  const alert = useHasAlertRule();
  const done: Readonly<Record<FirstStep, boolean>> = { send: hasMessages, receive: first !== undefined, portal, alert };
  const count = FIRST_STEPS.filter((step) => done[step]).length;
  return (
    <Card
      title={t("firstRun.title")}
      lead={t("firstRun.lead")}
      actions={
        <span className={styles["head"]}>
          <span className="muted" role="status">
            {t("firstRun.progress", { done: count, all: FIRST_STEPS.length })}
          </span>
          <Button kind="quiet" small onClick={onHide}>
            {t("firstRun.hide")}
          </Button>
        </span>
      }
    >
      <ol className={styles["steps"]}>
        <Step name="send" isDone={done.send}>
          <SendStep isDone={done.send} />
        </Step>
        <Step name="receive" isDone={done.receive} isUnsigned={first?.trust === "none"}>
          {source === undefined ? (
            <NewSource />
          ) : (
            <>
              {!done.receive && (
                <p className={styles["waiting"]} role="status">
                  {t("firstRun.waiting", { name: source.name })}
                </p>
              )}
              <Link to="/sources/$source" params={{ source: source.id }}>
                {t("firstRun.guide", { name: source.name })}
              </Link>
            </>
          )}
        </Step>
        <Step name="portal" isDone={done.portal}>
          <PortalStep
            hasDemo={done.send}
            onOpened={() => {
              keepOpenedPortal();
              setPortal(true);
            }}
          />
        </Step>
        <Step name="alert" isDone={done.alert}>
          <AlertStep isDone={done.alert} />
        </Step>
      </ol>
    </Card>
  );
}

/** Whether there is an alert rule. Read again when one is created. */
function useHasAlertRule(): boolean {
  const rules = useQuery({
    queryKey: ["alert-rules", "first"],
    queryFn: () => must(api.GET("/api/v1/alert-rule", { params: { query: { limit: 1 } } })),
    retry: false,
  });
  return rules.data !== undefined && rules.data.data.length > 0;
}

interface StepProps {
  readonly name: FirstStep;
  readonly isDone: boolean;
  /** The request was not signed, but the step counts as done. */
  readonly isUnsigned?: boolean;
  readonly children: ReactNode;
}

function Step({ name, isDone, isUnsigned = false, children }: StepProps) {
  const { t } = useTranslation();
  const Icon = isDone ? CircleCheck : CircleDashed;
  const text = isDone && isUnsigned && name === "receive" ? "unsigned" : isDone ? "done" : "text";
  return (
    <li className={styles["step"]} data-done={isDone}>
      <Icon role="img" aria-label={t(isDone ? "firstRun.done" : "firstRun.open")} />
      <div>
        <h3>{t(`firstRun.steps.${name}.title`)}</h3>
        <p className="muted">
          {text === "unsigned" ? t("firstRun.steps.receive.unsigned") : t(`firstRun.steps.${name}.${text}`)}
        </p>
        <div className={styles["actions"]}>{children}</div>
      </div>
    </li>
  );
}

/** The newest source that is not a capture, and the first request that it accepted. */
function useFirstSource() {
  const sources = useQuery({
    queryKey: ["sources", "first"],
    queryFn: () => must(api.GET("/ingest/api/v1/source", { params: { query: { limit: 50, order: "descending" } } })),
    refetchInterval: EVERY_MS,
  });
  const source = firstSource(sources.data?.data ?? []);
  const id = source?.id ?? "";
  const events = useQuery({
    queryKey: ["source", id, "first-event"],
    queryFn: () =>
      must(
        api.GET("/ingest/api/v1/source/{source_id}/event", {
          params: { path: { source_id: id }, query: { limit: 1 } },
        }),
      ),
    enabled: source !== undefined,
    refetchInterval: ({ state }) => ((state.data?.data.length ?? 0) === 0 ? EVERY_MS : false),
  });
  return { source, first: events.data?.data[0] };
}
