/** Decisions of a filter about recent messages: counts, reasons, and samples of both kinds. */
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Button } from "../components/button.tsx";
import { FormError } from "../components/form.tsx";
import { Card } from "../components/page.tsx";
import { Progress } from "../components/progress.tsx";
import { Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { useAudience } from "../session/audience.ts";
import styles from "./filter-dry-run.module.css";

type Result = components["schemas"]["EndpointFilterDryRunOut"];
type Sample = Result["matching"][number];

export interface FilterDryRunProps {
  readonly app: string;
  readonly id: string;
  /** The filter that is being edited; `null`: none. */
  readonly filter: Record<string, unknown> | null;
  readonly isComplete: boolean;
}

export function FilterDryRun({ app, id, filter, isComplete }: FilterDryRunProps) {
  const { t } = useTranslation();
  const run = useMutation({
    mutationFn: () =>
      must(
        api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/filter/dry-run", {
          params: { path: { app_id: app, endpoint_id: id } },
          // Without a filter, the endpoint receives everything that an empty filter matches.
          body: { filter: filter ?? {} },
        }),
      ),
  });
  return (
    <Card title={t("filterRun.title")} lead={t("filterRun.lead")}>
      <div>
        <Button needs="payloads:read" onClick={() => run.mutate()} disabled={run.isPending || !isComplete}>
          {t("filterRun.run")}
        </Button>
      </div>
      <FormError error={run.error} />
      <div role="status" className={styles["result"]}>
        {run.data !== undefined && <Outcome app={app} result={run.data} />}
      </div>
    </Card>
  );
}

function Outcome({ app, result }: { readonly app: string; readonly result: Result }) {
  const { t } = useTranslation();
  const { matched, unmatched, withoutPayload, reasons, matching, notMatching, isPartial } = result;
  const count = matched + unmatched;
  if (count === 0 && withoutPayload === 0) return <p className="muted">{t("tryIt.noMessages")}</p>;
  return (
    <>
      <p>
        <strong>{t("filterRun.counts", { matched, count })}</strong>
        {withoutPayload > 0 && ` ${t("filterRun.withoutPayload", { count: withoutPayload })}`}
      </p>
      {count > 0 && <Progress percent={(100 * matched) / count} label={t("filterRun.share")} />}
      {isPartial && <Note>{t("filterRun.partial")}</Note>}
      {reasons.length > 0 && (
        <>
          <h3>{t("filterRun.reasons")}</h3>
          <ul className={styles["reasons"]}>
            {reasons.map(({ reason, clause, count: times }) => (
              <li key={`${reason}${clause}`}>
                <span className="numeric">{times}</span>{" "}
                {clause === null ? t(`filterRun.reason.${reason ?? "filter"}`) : <code>{clause}</code>}
              </li>
            ))}
          </ul>
        </>
      )}
      <Samples app={app} title={t("filterRun.matching")} samples={matching} />
      <Samples app={app} title={t("filterRun.notMatching")} samples={notMatching} />
    </>
  );
}

interface SamplesProps {
  readonly app: string;
  readonly title: string;
  readonly samples: readonly Sample[];
}

function Samples({ app, title, samples }: SamplesProps) {
  const { t } = useTranslation();
  const audience = useAudience();
  if (samples.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul className={styles["samples"]}>
        {samples.map(({ messageId, eventType, timestamp, matched, reason, clause, found }) => (
          <li key={messageId}>
            <Link {...audience.message(app, messageId)}>{eventType}</Link>{" "}
            <span className="muted">
              <Time at={timestamp} />
            </span>
            {!matched && (
              <div className="muted">
                {clause === null ? t(`filterRun.reason.${reason ?? "filter"}`) : <code>{clause}</code>}
                {clause !== null && `: ${found === null ? t("filterRun.absent") : t("filterRun.found", { found })}`}
              </div>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
