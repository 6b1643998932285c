/** Activity of a source with the inactivity alert, and backfill from the provider. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Form, type FormValues, SelectField, TextField } from "../components/form.tsx";
import { Card, Columns, Facts } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import type { Source } from "../lib/source-form.ts";
import { Backfill } from "../parts/backfill.tsx";
import { WeekMap } from "../parts/week-map.tsx";
import { SaveFoot } from "../components/form-foot.tsx";

type Activity = components["schemas"]["SourceActivityOut"];
type Mode = Activity["mode"];

const MODES = ["learned", "fixed", "off"] as const satisfies readonly Mode[];
const EVERY_MS = 5000;
const MINUTE_SECONDS = 60;
const DEFAULT_MINUTES = "60";

/** Badge colours of the activity states. */
export const ACTIVITY_TONES = { off: "neutral", learning: "info", active: "good", inactive: "bad" } as const;

export function SourceActivity({ source }: { readonly source: Source }) {
  const { t } = useTranslation();
  const activity = useQuery({
    queryKey: ["source", source.id, "activity"],
    queryFn: () =>
      must(api.GET("/ingest/api/v1/source/{source_id}/activity", { params: { path: { source_id: source.id } } })),
    refetchInterval: EVERY_MS,
  });
  if (activity.error !== null) return <Failed error={activity.error} retry={() => void activity.refetch()} />;
  if (activity.data === undefined) return <Loading />;
  const { data } = activity;
  return (
    <>
      <Columns>
        <Card title={t("activity.title")} lead={t("activity.lead")}>
          <Facts
            facts={[
              [
                t("endpoints.state"),
                <Badge key="state" tone={ACTIVITY_TONES[data.state]}>
                  {t(`sources.activityStates.${data.state}`)}
                </Badge>,
              ],
              [t("sources.last"), <Time key="last" at={data.lastReceivedAt} relative />],
              ...(data.inactiveSince === null
                ? []
                : [[t("activity.inactiveSince"), <Time key="since" at={data.inactiveSince} />] as const]),
              ...(data.inactiveAt === null
                ? []
                : [[t("sources.inactiveAt"), <Time key="inactive" at={data.inactiveAt} />] as const]),
              [t("activity.scale"), data.scale === null ? t("activity.unknown") : t(`activity.scales.${data.scale}`)],
            ]}
          />
        </Card>
        <ActivityRule key={`${data.mode} ${data.inactiveAfterSeconds ?? ""}`} source={source.id} activity={data} />
      </Columns>
      {data.week.length > 0 && (
        <Card title={t("activity.week")} lead={t("activity.weekLead")}>
          <WeekMap week={data.week} />
        </Card>
      )}
      <Backfill source={source} />
    </>
  );
}

function ActivityRule({ source, activity }: { readonly source: string; readonly activity: Activity }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [mode, setMode] = useState<Mode>(activity.mode);
  const save = useMutation({
    mutationFn: ({ minutes = DEFAULT_MINUTES }: FormValues) =>
      must(
        api.PUT("/ingest/api/v1/source/{source_id}/activity", {
          params: { path: { source_id: source } },
          body: { mode, inactiveAfterSeconds: mode === "fixed" ? Math.round(Number(minutes) * MINUTE_SECONDS) : null },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["source", source, "activity"] }),
  });
  const minutes =
    activity.inactiveAfterSeconds === null || activity.inactiveAfterSeconds === undefined
      ? DEFAULT_MINUTES
      : String(activity.inactiveAfterSeconds / MINUTE_SECONDS);
  return (
    <Card title={t("activity.rule")}>
      <Form
        needs="sources:write"
        onSubmit={(values) => save.mutate(values)}
        error={save.error}
        foot={<SaveFoot save={save} />}
      >
        <SelectField
          label={t("activity.mode")}
          help={t(`activity.modeTexts.${mode}`)}
          value={mode}
          onChange={(value) => setMode(value as Mode)}
          choices={MODES.map((value) => ({ value, label: t(`activity.modes.${value}`) }))}
        />
        {mode === "fixed" && (
          <TextField
            name="minutes"
            type="number"
            min={1}
            max={525_600}
            step="any"
            label={t("activity.minutes")}
            value={minutes}
            required
          />
        )}
      </Form>
    </Card>
  );
}
