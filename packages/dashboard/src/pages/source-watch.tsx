/** Whether a source is heard as usual, and what the provider says it sent. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Form, type FormValues, SelectField, TextField } from "../components/form.tsx";
import { Card, Columns, Facts } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import type { Source } from "../lib/source-form.ts";
import { Reconcile } from "../parts/backfill.tsx";
import { WeekMap } from "../parts/week-map.tsx";

type Rhythm = components["schemas"]["SourceRhythmOut"];
type Mode = Rhythm["mode"];

const MODES = ["learned", "fixed", "off"] as const satisfies readonly Mode[];
const EVERY_MS = 5000;
const MINUTE_SECONDS = 60;
const DEFAULT_MINUTES = "60";

/** Colours of the states of a rhythm. */
export const RHYTHM_TONES = { off: "neutral", learning: "info", heard: "good", silent: "bad" } as const;

export function SourceWatch({ source }: { readonly source: Source }) {
  const { t } = useTranslation();
  const rhythm = useQuery({
    queryKey: ["source", source.id, "rhythm"],
    queryFn: () =>
      must(api.GET("/ingest/api/v1/source/{source_id}/rhythm", { params: { path: { source_id: source.id } } })),
    refetchInterval: EVERY_MS,
  });
  if (rhythm.error !== null) return <Failed error={rhythm.error} retry={() => void rhythm.refetch()} />;
  if (rhythm.data === undefined) return <Loading />;
  const { data } = rhythm;
  return (
    <>
      <Columns>
        <Card title={t("rhythm.title")} lead={t("rhythm.lead")}>
          <Facts
            facts={[
              [
                t("endpoints.state"),
                <Badge key="state" tone={RHYTHM_TONES[data.state]}>
                  {t(`sources.rhythm.${data.state}`)}
                </Badge>,
              ],
              [t("sources.last"), <Time key="last" at={data.lastReceivedAt} relative />],
              ...(data.silentSince === null
                ? []
                : [[t("rhythm.silentSince"), <Time key="since" at={data.silentSince} />] as const]),
              ...(data.silentAt === null
                ? []
                : [[t("sources.silentAt"), <Time key="silent" at={data.silentAt} />] as const]),
              [t("rhythm.scale"), data.scale === null ? t("rhythm.unknown") : t(`rhythm.scales.${data.scale}`)],
            ]}
          />
        </Card>
        <RhythmRule key={`${data.mode} ${data.quietSeconds ?? ""}`} source={source.id} rhythm={data} />
      </Columns>
      {data.week.length > 0 && (
        <Card title={t("rhythm.week")} lead={t("rhythm.weekLead")}>
          <WeekMap week={data.week} />
        </Card>
      )}
      <Reconcile source={source} />
    </>
  );
}

function RhythmRule({ source, rhythm }: { readonly source: string; readonly rhythm: Rhythm }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [mode, setMode] = useState<Mode>(rhythm.mode);
  const save = useMutation({
    mutationFn: ({ minutes = DEFAULT_MINUTES }: FormValues) =>
      must(
        api.PUT("/ingest/api/v1/source/{source_id}/rhythm", {
          params: { path: { source_id: source } },
          body: { mode, quietSeconds: mode === "fixed" ? Math.round(Number(minutes) * MINUTE_SECONDS) : null },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["source", source, "rhythm"] }),
  });
  const minutes =
    rhythm.quietSeconds === null || rhythm.quietSeconds === undefined
      ? DEFAULT_MINUTES
      : String(rhythm.quietSeconds / MINUTE_SECONDS);
  return (
    <Card title={t("rhythm.rule")}>
      <Form
        onSubmit={(values) => save.mutate(values)}
        error={save.error}
        foot={
          <>
            {save.isSuccess && <span role="status">{t("actions.saved")}</span>}
            <Button type="submit" kind="primary" disabled={save.isPending}>
              {t("actions.save")}
            </Button>
          </>
        }
      >
        <SelectField
          label={t("rhythm.mode")}
          help={t(`rhythm.modeTexts.${mode}`)}
          value={mode}
          onChange={(value) => setMode(value as Mode)}
          choices={MODES.map((value) => ({ value, label: t(`rhythm.modes.${value}`) }))}
        />
        {mode === "fixed" && (
          <TextField
            name="minutes"
            type="number"
            min={1}
            max={525_600}
            step="any"
            label={t("rhythm.minutes")}
            value={minutes}
            required
          />
        )}
      </Form>
    </Card>
  );
}
