import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Form, FormRow, type FormValues, SwitchField, TextField } from "../components/form.tsx";
import { Card, Facts, Section } from "../components/page.tsx";
import { Progress } from "../components/progress.tsx";
import { Table } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { formatNumber } from "../lib/format.ts";
import { type BackfillRun, type BackfillSettings, runPercent } from "../lib/backfill.ts";
import { fromLocalInput } from "../lib/local-input.ts";
import { TASK_TONES, type TaskState } from "../lib/task.ts";
import styles from "./backfill-runs.module.css";

const EVERY_MS = 2000;

export interface StartRunProps {
  readonly source: string;
  readonly settings: BackfillSettings | null;
}

/** Form to start a backfill run manually, over a time range or as a dry run. */
export function StartRun({ source, settings }: StartRunProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const start = useMutation({
    mutationFn: ({ since = "", until = "", dryRun }: FormValues) =>
      must(
        api.POST("/ingest/api/v1/source/{source_id}/backfill/run", {
          params: { path: { source_id: source } },
          body: { since: toIso(since), until: toIso(until), dryRun: dryRun !== undefined },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["source", source, "backfill", "runs"] }),
  });
  return (
    <Card title={t("backfill.run")} lead={t("backfill.runLead")}>
      {settings !== null && (
        <Facts
          facts={[
            [t("backfill.until"), <Time key="until" at={settings.backfilledUntil} />],
            [t("backfill.next"), <Time key="next" at={settings.nextAt} />],
          ]}
        />
      )}
      <Form
        needs="sources:write"
        onSubmit={(values) => start.mutate(values)}
        error={start.error}
        foot={
          <Button type="submit" kind="primary" disabled={start.isPending || settings === null}>
            {t("backfill.start")}
          </Button>
        }
      >
        <FormRow>
          <TextField name="since" type="datetime-local" label={t("filters.after")} help={t("backfill.sinceHelp")} />
          <TextField name="until" type="datetime-local" label={t("filters.before")} help={t("replays.untilHelp")} />
        </FormRow>
        <SwitchField name="dryRun" label={t("backfill.dryRun")} />
      </Form>
    </Card>
  );
}

function toIso(local: string): string | null {
  return local === "" ? null : fromLocalInput(local);
}

/** Backfill runs, newest first, with their results and the progress of a running one. */
export function BackfillRuns({ source }: { readonly source: string }) {
  const { t, i18n } = useTranslation();
  const list = useList(
    ["source", source, "backfill", "runs"],
    (page) =>
      must(
        api.GET("/ingest/api/v1/source/{source_id}/backfill/run", {
          params: { path: { source_id: source }, query: page },
        }),
      ),
    { everyMs: EVERY_MS },
  );
  const count = (value: number): string => formatNumber(i18n.language, value);
  return (
    <Section title={t("backfill.runs")}>
      <Table
        label={t("backfill.runs")}
        list={list}
        rowKey={(run) => run.id}
        empty={t("backfill.noRuns")}
        columns={[
          {
            key: "time",
            label: t("filters.range"),
            cell: (run) => (
              <>
                <Time at={run.since} /> – <Time at={run.until} />
              </>
            ),
          },
          { key: "state", label: t("endpoints.state"), cell: (run) => <RunState run={run} /> },
          { key: "scanned", label: t("backfill.scanned"), end: true, cell: (run) => count(run.scanned) },
          { key: "missing", label: t("backfill.missing"), end: true, cell: (run) => count(run.missing) },
          {
            key: "recovered",
            label: t("backfill.recovered"),
            end: true,
            cell: (run) => count(run.fetched + run.redelivered),
          },
          {
            key: "started",
            label: t("replays.started"),
            end: true,
            tight: true,
            cell: (run) => <Time at={run.createdAt} relative />,
          },
        ]}
      />
    </Section>
  );
}

function RunState({ run }: { readonly run: BackfillRun }) {
  const { t } = useTranslation();
  const state = run.state as TaskState;
  const percent = runPercent(run);
  return (
    <span className={styles["state"]}>
      <span>
        <Badge tone={TASK_TONES[state]}>{t(`replays.states.${state}`)}</Badge>{" "}
        {run.dryRun && <span className="muted">{t("replays.dryRun")}</span>}
      </span>
      {state === "running" && percent !== null && <Progress percent={percent} label={t("replays.progress")} />}
      {run.lastError !== null && <span className="muted">{run.lastError}</span>}
      {run.examples.length > 0 && (
        <details>
          <summary>{t("backfill.examples")}</summary>
          <ul>
            {run.examples.map(({ deliveryId, eventType, occurredAt }) => (
              <li key={deliveryId}>
                {eventType} <code>{deliveryId}</code> <Time at={occurredAt} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </span>
  );
}
