/** Columns of lists with recent figures: health, attempts of the last day, newest message, and queue. */
import { useQueries } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { PAGE_SIZE } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge, type Tone } from "../components/badge.tsx";
import { Spark } from "../components/chart.tsx";
import type { Column } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { ENDPOINT_HEALTHS, type EndpointHealth } from "../lib/endpoint-filter.ts";
import { formatNumber, formatPercent } from "../lib/format.ts";
import styles from "./figures.module.css";

export type Figures = components["schemas"]["ApplicationFiguresOut"];
type Health = Figures["health"];

const HEALTH_TONES: Readonly<Record<Health, Tone>> = {
  failing: "bad",
  degraded: "warn",
  healthy: "good",
  idle: "neutral",
};
/** The server counts queued deliveries up to this number. */
const MAX_QUEUED = 1000;
const EVERY_MS = 30_000;

/** The filter by the health of endpoints, for `ListFilters`. */
export function healthChoice(value: EndpointHealth | undefined, t: TFunction) {
  const choices = [
    { value: "", label: t("endpointList.anyHealth") },
    ...ENDPOINT_HEALTHS.map((health) => ({ value: health, label: t(`endpointList.filters.${health}`) })),
  ];
  return { name: "health" as const, label: t("endpointList.health"), value, choices };
}

export function HealthBadge({ health }: { readonly health: Health }) {
  const { t } = useTranslation();
  return <Badge tone={HEALTH_TONES[health]}>{t(`endpointList.healths.${health}`)}</Badge>;
}

interface DayProps {
  readonly hours: Figures["hours"];
  readonly successRate: number | null;
}

/** Sparkline and success rate of the attempts of the last 24 hours. */
export function AttemptsOfDay({ hours, successRate }: DayProps) {
  const { t, i18n } = useTranslation();
  if (successRate === null) return <span className="muted">–</span>;
  const points = hours.map(({ succeeded: ok, failed }) => ({ ok, failed }));
  return (
    <span className={styles["day"]}>
      <Spark points={points} label={t("endpoints.spark", totals(points))} />
      <span className="numeric">{formatPercent(i18n.language, successRate * 100, successRate > 0.99 ? 1 : 0)}</span>
    </span>
  );
}

/** Sparkline and numbers of the requests to a source in the last 24 hours. */
export function RequestsOfDay({ requests }: { readonly requests: NonNullable<Figures["requests"]> }) {
  const { t, i18n } = useTranslation();
  const points = requests.map(({ accepted: ok, quarantined: failed }) => ({ ok, failed }));
  const { ok, failed } = totals(points);
  if (ok + failed === 0) return <span className="muted">–</span>;
  return (
    <span className={styles["day"]}>
      <Spark points={points} label={t("endpointList.requestSpark", { ok, failed })} />
      <span>
        <span className="numeric">{formatNumber(i18n.language, ok + failed)}</span>
        {failed > 0 && (
          <span className="muted">
            {" · "}
            {t("endpointList.quarantined", { value: formatNumber(i18n.language, failed) })}
          </span>
        )}
      </span>
    </span>
  );
}

function totals(points: readonly { readonly ok: number; readonly failed: number }[]) {
  const sum = (name: "ok" | "failed"): number => points.reduce((total, point) => total + point[name], 0);
  return { ok: sum("ok"), failed: sum("failed") };
}

/** Queued deliveries, which the server counts up to a limit. */
export function queuedText(language: string, queued: number): string {
  return `${formatNumber(language, queued)}${queued === MAX_QUEUED ? "+" : ""}`;
}

/** Figures of the applications or sources of a list by their ID, page by page. They are loaded after the list, which does not wait for them. */
export function useFigures(ids: readonly string[]): ReadonlyMap<string, Figures> {
  const pages = useMemo(
    () =>
      Array.from({ length: Math.ceil(ids.length / PAGE_SIZE) }, (_, page) =>
        ids.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE),
      ),
    [ids],
  );
  return useQueries({
    queries: pages.map((page) => ({
      queryKey: ["application-figures", page],
      queryFn: () => must(api.GET("/api/v1/stats/applications", { params: { query: { ids: [...page] } } })),
      refetchInterval: EVERY_MS,
    })),
    combine: toMap,
  });
}

function toMap(results: readonly { readonly data?: { readonly data: readonly Figures[] } | undefined }[]) {
  return new Map(results.flatMap(({ data }) => data?.data ?? []).map((figures) => [figures.id, figures]));
}

interface Row {
  readonly id: string;
}

/** A cell with a figure, a dash until it is known. */
function cellOf<Value>(
  figures: ReadonlyMap<string, Figures>,
  pick: (figures: Figures) => Value,
  show: (value: Value) => ReactNode,
) {
  return ({ id }: Row) => {
    const found = figures.get(id);
    return found === undefined ? <span className="muted">–</span> : show(pick(found));
  };
}

/** The newest message and the queue, which lists of applications and of sources show. */
export function lastColumns(figures: ReadonlyMap<string, Figures>, t: TFunction, language: string): Column<Row>[] {
  return [
    {
      key: "last",
      label: t("endpointList.lastEvent"),
      end: true,
      tight: true,
      cell: cellOf(
        figures,
        ({ lastEventAt }) => lastEventAt,
        (at) => <Time at={at} relative />,
      ),
    },
    {
      key: "queued",
      label: t("endpointList.queued"),
      end: true,
      tight: true,
      cell: cellOf(
        figures,
        ({ queued }) => queued,
        (queued) => queuedText(language, queued),
      ),
    },
  ];
}

/** The figures of an application. */
export function applicationColumns(
  figures: ReadonlyMap<string, Figures>,
  t: TFunction,
  language: string,
): Column<Row>[] {
  return [
    {
      key: "endpoints",
      label: t("endpoints.title"),
      tight: true,
      cell: cellOf(
        figures,
        (found) => found,
        ({ endpoints, failing }) => (
          <>
            {formatNumber(language, endpoints)}
            {failing > 0 && (
              <span className="muted"> · {t("endpointList.failing", { value: formatNumber(language, failing) })}</span>
            )}
          </>
        ),
      ),
    },
    {
      key: "health",
      label: t("endpointList.health"),
      tight: true,
      cell: cellOf(
        figures,
        ({ health }) => health,
        (health) => <HealthBadge health={health} />,
      ),
    },
    {
      key: "attempts",
      label: t("endpointList.lastDay"),
      tight: true,
      cell: cellOf(
        figures,
        (found) => found,
        (found) => <AttemptsOfDay {...found} />,
      ),
    },
    ...lastColumns(figures, t, language),
  ];
}

/** The figures of a source. */
export function sourceColumns(figures: ReadonlyMap<string, Figures>, t: TFunction, language: string): Column<Row>[] {
  return [
    {
      key: "requests",
      label: t("endpointList.requests"),
      tight: true,
      cell: cellOf(
        figures,
        ({ requests }) => requests ?? [],
        (requests) => <RequestsOfDay requests={requests} />,
      ),
    },
    ...lastColumns(figures, t, language),
  ];
}
