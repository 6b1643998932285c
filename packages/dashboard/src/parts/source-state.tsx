/** State of reading a source, with its actions. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Pause, Play, RefreshCw } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { FormError } from "../components/form.tsx";
import { Card, Facts } from "../components/page.tsx";
import { ServerSentence } from "../components/server-sentence.tsx";
import { Failed, Loading, Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { formatNumber } from "../lib/format.ts";
import { serverText } from "../lib/server-text.ts";
import type { Source } from "../lib/source-form.ts";
import { READ_TONES, readStateOf } from "../lib/source-kind.ts";
import { Countdown } from "./countdown.tsx";
import { useSourceKind } from "./use-destination-kinds.ts";
import styles from "./source-state.module.css";

const EVERY_MS = 3000;

export function useSourceState(source: string) {
  return useQuery({
    queryKey: ["source", source, "state"],
    queryFn: () =>
      must(api.GET("/ingest/api/v1/source/{source_id}/state", { params: { path: { source_id: source } } })),
    refetchInterval: EVERY_MS,
  });
}

export function SourceState({ source }: { readonly source: Source }) {
  const { t, i18n } = useTranslation();
  const queries = useQueryClient();
  const kind = useSourceKind(source.kind);
  const query = useSourceState(source.id);
  const params = { path: { source_id: source.id } };
  const act = useMutation({
    mutationFn: (action: "poll" | "pause" | "resume") => {
      if (action === "poll") return must(api.POST("/ingest/api/v1/source/{source_id}/poll", { params }));
      if (action === "pause") return must(api.POST("/ingest/api/v1/source/{source_id}/pause", { params }));
      return must(api.POST("/ingest/api/v1/source/{source_id}/resume", { params }));
    },
    onSuccess: (state) => {
      queries.setQueryData(["source", source.id, "state"], state);
      void queries.invalidateQueries({ queryKey: ["sources"] });
    },
  });
  if (query.error !== null) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.data === undefined) return <Loading lines={4} />;
  const { error, failures, failingSince, lastSuccessAt, lastEventAt, lastFailureAt, events, nextAt } = query.data;
  const state = readStateOf(query.data.state);
  const isPaused = state === "paused";
  return (
    <Card
      title={t("sourceKinds.reading")}
      actions={
        <span className={styles["actions"]}>
          {kind?.family === "poll" && !isPaused && state !== "unavailable" && (
            <Button needs="sources:write" small onClick={() => act.mutate("poll")} disabled={act.isPending}>
              <RefreshCw aria-hidden />
              {t("sourceKinds.poll")}
            </Button>
          )}
          <Button
            needs="sources:write"
            small
            onClick={() => act.mutate(isPaused ? "resume" : "pause")}
            disabled={act.isPending}
          >
            {isPaused ? <Play aria-hidden /> : <Pause aria-hidden />}
            {t(isPaused ? "sourceKinds.resume" : "sourceKinds.pause")}
          </Button>
        </span>
      }
    >
      {error !== null && (
        <Note tone={state === "unavailable" ? "warn" : "bad"}>
          <strong>
            <ServerSentence {...serverText(i18n, "reading", error.code, error.message)} />
          </strong>
          {error.hint !== null && (
            <>
              <br />
              <ServerSentence {...serverText(i18n, "readingHint", error.code, error.hint)} />
            </>
          )}
        </Note>
      )}
      {isPaused && <Note>{t("sourceKinds.pausedText")}</Note>}
      <FormError error={act.error} />
      <Facts
        facts={[
          [
            t("sourceKinds.state"),
            <Badge key="state" tone={READ_TONES[state]}>
              {t(`sourceKinds.states.${state}`)}
            </Badge>,
          ],
          ...(failingSince === null
            ? []
            : [
                [
                  t("sourceKinds.failingSince"),
                  <span key="failing">
                    <Time at={failingSince} relative /> · {t("sourceKinds.failures", { count: failures })}
                  </span>,
                ] as const,
              ]),
          [t("sourceKinds.next"), nextAt === null ? "–" : <Countdown key="next" at={nextAt} />],
          [t("sourceKinds.lastRead"), <Time key="read" at={lastSuccessAt} relative />],
          [t("sourceKinds.lastEvent"), <Time key="event" at={lastEventAt} relative />],
          ...(lastFailureAt === null
            ? []
            : [[t("sourceKinds.lastFailure"), <Time key="failure" at={lastFailureAt} relative />] as const]),
          [t("sourceKinds.events"), formatNumber(i18n.language, events)],
        ]}
      />
    </Card>
  );
}
