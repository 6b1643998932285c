import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { components } from "../api/schema.ts";
import { DISK_WARNING_DAYS } from "../lib/disk-forecast.ts";
import { formatBytes, formatCompact, formatDuration, formatPercent } from "../lib/format.ts";
import { type TimeWindow, USUAL_WINDOWS } from "../lib/time-window.ts";
import styles from "./home.module.css";

export interface TilesProps {
  readonly now: components["schemas"]["StatsNowOut"] | undefined;
  readonly summary: components["schemas"]["StatsSummaryOut"] | undefined;
  /** The same figures for the previous period, as a baseline. */
  readonly usual: components["schemas"]["StatsSummaryOut"] | undefined;
  readonly storage: components["schemas"]["StatsStorageOut"] | undefined;
  readonly window: TimeWindow;
  /** Number of endpoints that need attention. */
  readonly urgent: number;
}

/** Age of the oldest pending delivery from which the figure is highlighted. */
const LONG_WAIT_SECONDS = 60;
const GOOD_PERCENT = 99;

/** Counts of pending deliveries. The server stops counting at a limit. */
function useQueues(now: TilesProps["now"]) {
  const { t, i18n } = useTranslation();
  const count = (value: number): string => formatCompact(i18n.language, value);
  if (now === undefined) return { due: t("home.due", { value: "–" }), later: "–", held: "–" };
  const { due, held, later, exact } = now.waiting;
  const atLeast = (value: number): string => `${count(value)}${exact ? "" : "+"}`;
  // Some deliveries on hold may be counted as queued.
  const queued = exact ? t("home.due", { value: count(due - held) }) : t("home.dueAtLeast", { value: count(due) });
  return { due: queued, later: atLeast(later), held: atLeast(held) };
}

/** Texts of figures; a dash for those that are unknown. */
function useFigures() {
  const { t, i18n } = useTranslation();
  const { language } = i18n;
  const orDash =
    (format: (value: number) => string) =>
    (value: number | null | undefined): string =>
      value === null || value === undefined ? "–" : format(value);
  return {
    count: orDash((value) => formatCompact(language, value)),
    ms: orDash((value) => formatDuration(language, value)),
    percent: orDash((value) => formatPercent(language, value, 2)),
    /** Comparison of a figure with its baseline; `null` if one of them is unknown. */
    compared: (
      value: number | null | undefined,
      level: number | null | undefined,
      format: (of: number) => string,
    ): string | null =>
      value === null || value === undefined || level === null || level === undefined
        ? null
        : t("home.usually", { value: format(level) }),
  };
}

export function Tiles(props: TilesProps) {
  const { now, summary, storage } = props;
  const { t } = useTranslation();
  // Unusual figures are never hidden behind a click.
  const isUnusual =
    (now?.waiting.held ?? 0) > 0 ||
    (now?.sources.inactive.length ?? 0) > 0 ||
    (summary?.deliveries.exhausted ?? 0) > 0 ||
    (storage?.fullInDays ?? Infinity) < DISK_WARNING_DAYS;
  return (
    <>
      <div className={styles["tiles"]}>
        <MainTiles {...props} />
      </div>
      <details className={styles["moreFigures"]} open={isUnusual}>
        <summary>{t("home.more")}</summary>
        <div className={styles["tiles"]}>
          <TrafficTiles {...props} />
          <SystemTiles {...props} />
        </div>
      </details>
    </>
  );
}

function MainTiles({ now, summary, usual, window, urgent }: TilesProps) {
  const { t, i18n } = useTranslation();
  const { count, ms, percent, compared } = useFigures();
  const success = summary?.deliveries.successPercent;
  const oldest = now?.waiting.oldestWaitSeconds ?? 0;
  const queues = useQueues(now);
  return (
    <>
      <Tile
        name={t("home.success")}
        value={percent(success)}
        tone={success !== null && success !== undefined && success < GOOD_PERCENT ? "warn" : undefined}
        more={
          compared(success, usual?.deliveries.successPercent, percent) ??
          t("home.firstAttemptShare", { value: percent(summary?.deliveries.firstTryPercent) })
        }
        link={{ to: "/messages", search: { range: window, state: "succeeded" } }}
      />
      <Tile
        name={t("home.deliveryLatency")}
        value={ms(summary?.latency.p50)}
        more={
          compared(summary?.latency.p50, usual?.latency.p50, ms) ??
          t("home.percentiles", { p95: ms(summary?.latency.p95), p99: ms(summary?.latency.p99) })
        }
        link={{ to: "/messages", search: { range: window, state: "succeeded" } }}
      />
      <Tile
        name={t("home.oldest")}
        value={oldest === 0 ? t("home.nothing") : formatDuration(i18n.language, oldest * 1000)}
        tone={oldest > LONG_WAIT_SECONDS ? "warn" : undefined}
        more={queues.due}
        link={{ to: "/messages", search: { state: "pending" } }}
      />
      <Tile
        name={t("home.attentionCount")}
        value={now === undefined ? "–" : `${urgent}${now.endpoints.more ? "+" : ""}`}
        tone={urgent > 0 ? "bad" : undefined}
        more={t("home.inFlight", { count: now?.dispatcher.inFlight ?? 0, value: count(now?.dispatcher.inFlight) })}
        link={{ to: "/endpoints/attention" }}
      />
    </>
  );
}

/** Messages, and deliveries that have not succeeded. */
function TrafficTiles({ now, summary, usual, window }: TilesProps) {
  const { t } = useTranslation();
  const { count, compared } = useFigures();
  const attempts = summary && summary.attempts.ok + summary.attempts.failed;
  const queues = useQueues(now);
  const usualMessages = usual && usual.messages > 0 ? usual.messages / USUAL_WINDOWS[window] : undefined;
  return (
    <>
      <Tile
        name={t("home.messages")}
        value={count(summary?.messages)}
        more={
          compared(summary?.messages, usualMessages, count) ??
          t("home.attempts", { count: attempts ?? 0, value: count(attempts) })
        }
        link={{ to: "/messages", search: { range: window } }}
      />
      <Tile
        name={t("home.failed")}
        value={count(summary?.deliveries.exhausted)}
        tone={(summary?.deliveries.exhausted ?? 0) > 0 ? "bad" : undefined}
        more={t("home.failedMore")}
        link={{ to: "/messages", search: { range: window, state: "failed" } }}
      />
      <Tile
        name={t("home.retrying")}
        value={queues.later}
        more={t("home.retryingMore")}
        link={{ to: "/messages", search: { state: "retrying" } }}
      />
      <Tile
        name={t("home.held")}
        value={queues.held}
        tone={(now?.waiting.held ?? 0) > 0 ? "warn" : undefined}
        more={t("home.heldMore")}
        link={{ to: "/messages", search: { state: "held" } }}
      />
    </>
  );
}

/** Sources and the disk. */
function SystemTiles({ now, storage }: TilesProps) {
  const { t, i18n } = useTranslation();
  const inactive = now?.sources.inactive.length ?? 0;
  const days = storage?.fullInDays;
  return (
    <>
      <Tile
        name={t("home.inactiveSources")}
        value={now === undefined ? "–" : String(inactive)}
        tone={inactive > 0 ? "warn" : undefined}
        more={t("home.inactiveMore")}
        link={{ to: "/sources" }}
      />
      <Tile
        name={t("home.disk")}
        value={days === null || days === undefined ? t("home.diskNever") : t("home.diskDays", { count: days })}
        tone={days !== null && days !== undefined && days < DISK_WARNING_DAYS ? "bad" : undefined}
        more={
          storage?.disk
            ? t("home.diskFree", { free: formatBytes(i18n.language, storage.disk.freeBytes) })
            : t("home.diskUnknown")
        }
        link={{ to: "/settings", search: { tab: "storage" } }}
      />
    </>
  );
}

interface TileProps {
  readonly name: string;
  readonly value: ReactNode;
  readonly more: string;
  readonly tone?: "bad" | "warn" | undefined;
  readonly link?: LinkProps;
}

function Tile({ name, value, more, tone, link }: TileProps) {
  const inside = (
    <>
      <span className={styles["name"]}>{name}</span>
      <span className={styles["value"]} data-tone={tone}>
        {value}
      </span>
      <span className={styles["more"]}>{more}</span>
    </>
  );
  if (link === undefined) return <div className={styles["tile"]}>{inside}</div>;
  return (
    <Link {...link} className={styles["tile"]}>
      {inside}
    </Link>
  );
}
