/** Live feed of accepted messages and recorded attempts. It can be paused, and marks gaps after a lost connection. */
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { Pause, Play, Trash2 } from "lucide-react";
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Badge, Count } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { SelectField } from "../components/form.tsx";
import formStyles from "../components/form.module.css";
import { Page } from "../components/page.tsx";
import { Empty, Loading } from "../components/state.tsx";
import { useTimeFormat } from "../components/time.tsx";
import type { TimeFormat } from "../lib/clock.ts";
import { attemptCause } from "../lib/cause.ts";
import { formatDuration } from "../lib/format.ts";
import { LIVE_ROWS, liveSearch } from "../lib/page-search.ts";
import { shortUrl } from "../lib/short-url.ts";
import type { LiveEvent, MessageAccepted } from "../live/live.ts";
import {
  withEvents,
  withGap,
  withOlder,
  EMPTY_TAIL,
  newestAt,
  pausedTail,
  resumedTail,
  type Tail,
  type TailRow,
} from "../live/tail.ts";
import { useLive } from "../live/use-live.ts";
import { LiveIndicator } from "../parts/live-indicator.tsx";
import filterStyles from "../parts/filters.module.css";
import { Views } from "../parts/views.tsx";
import styles from "./live.module.css";
import { publish } from "../lib/api-command.ts";
import { ApiCommand } from "../parts/api-command.tsx";

const SHOWN = ["all", ...LIVE_ROWS] as const;
type Shown = (typeof SHOWN)[number];

const ROW_HEIGHT = 38;
const PHONE_ROW_HEIGHT = 54;
const MAX_CAUGHT_UP = 250;
/** Messages that the page shows when it is opened. */
const RECENT = 50;

export function Live() {
  const { t } = useTranslation();
  const [tail, setTail] = useState(EMPTY_TAIL);
  const navigate = useNavigate({ from: "/live" });
  const filter = useSearch({ from: "/operator/live" });
  const show = (next: object): void => void navigate({ search: liveSearch({ ...filter, ...next }), replace: true });
  // Typing updates the address; otherwise, the field follows the address.
  const [typed, setTyped] = useState<string | null>(null);
  const shown = filter.show ?? "all";
  const text = typed ?? filter.search ?? "";
  const gaps = useRef(0);
  const isLoading = useRecent((events) => setTail((before) => withOlder(before, events)));
  useLive({
    events: (events) => setTail((before) => withEvents(before, events)),
    gap: () => {
      gaps.current++;
      const id = String(gaps.current);
      void loadMissed(newestAt(tail)).then((events) => setTail((before) => withGap(before, id, events)));
    },
  });
  const rows = tail.rows.filter(
    (row) => row.kind === "gap" || matchesFilter(row.event, shown, text.trim().toLowerCase()),
  );
  return (
    <Page title={t("live.title")} lead={t("live.lead")} actions={<Views list="live" filter={filter} />}>
      <div className={styles["head"]}>
        <LiveIndicator />
        <Controls tail={tail} setTail={setTail} />
      </div>
      <div className={filterStyles["line"]}>
        <div className={filterStyles["choice"]}>
          <SelectField
            bare
            label={t("live.shown")}
            value={shown}
            onChange={(value) => show({ show: value })}
            choices={SHOWN.map((value) => ({ value, label: t(`live.show.${value}`) }))}
          />
        </div>
        <input
          type="search"
          data-search
          className={`${formStyles["input"]} ${filterStyles["search"]}`}
          placeholder={t("live.filter")}
          aria-label={t("live.filter")}
          value={text}
          onChange={({ target: { value } }) => {
            setTyped(value);
            show({ search: value });
          }}
          onBlur={() => setTyped(null)}
        />
      </div>
      {rows.length === 0 && isLoading ? (
        <Loading />
      ) : rows.length === 0 ? (
        <Empty action={<ApiCommand call={publish()} />}>{t("live.none")}</Empty>
      ) : (
        <Rows rows={rows} />
      )}
    </Page>
  );
}

function Controls({ tail, setTail }: { readonly tail: Tail; readonly setTail: (tail: Tail) => void }) {
  const { t } = useTranslation();
  return (
    <>
      {tail.dropped > 0 && <span className="muted">{t("live.dropped", { count: tail.dropped })}</span>}
      <Button onClick={() => setTail(tail.paused ? resumedTail(tail) : pausedTail(tail))} aria-pressed={tail.paused}>
        {tail.paused ? <Play aria-hidden /> : <Pause aria-hidden />}
        {t(tail.paused ? "live.resume" : "live.pause")}
        {tail.waiting.length > 0 && <Count>{tail.waiting.length}</Count>}
      </Button>
      <Button kind="quiet" onClick={() => setTail({ ...EMPTY_TAIL, paused: tail.paused })}>
        <Trash2 aria-hidden />
        {t("live.clear")}
      </Button>
    </>
  );
}

function Rows({ rows }: { readonly rows: readonly TailRow[] }) {
  const { t } = useTranslation();
  const scroll = useRef<HTMLDivElement>(null);
  const height = matchMedia("(max-width: 46rem)").matches ? PHONE_ROW_HEIGHT : ROW_HEIGHT;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => height,
    getItemKey: (index) => rows[index]!.key,
    overscan: 10,
  });
  useStableScroll(scroll, rows, height);
  const time = useTimeFormat({ timeStyle: "medium" });
  return (
    <div ref={scroll} className={styles["frame"]} tabIndex={0} role="group" aria-label={t("live.title")}>
      <ol className={styles["rows"]} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, key, start }) => (
          <li key={String(key)}>
            <Row row={rows[index]!} top={start} time={time} />
          </li>
        ))}
      </ol>
    </div>
  );
}

/** Keeps the scroll position while rows are added above. At the top, the newest rows stay visible. */
function useStableScroll(scroll: RefObject<HTMLDivElement | null>, rows: readonly TailRow[], height: number): void {
  const first = useRef(rows[0]?.key);
  useLayoutEffect(() => {
    const added = rows.findIndex(({ key }) => key === first.current);
    first.current = rows[0]?.key;
    const frame = scroll.current;
    if (frame !== null && frame.scrollTop > 0 && added > 0) frame.scrollBy(0, added * height);
  }, [scroll, rows, height]);
}

interface RowProps {
  readonly row: TailRow;
  readonly top: number;
  readonly time: TimeFormat;
}

function Row({ row, top, time }: RowProps) {
  const { t, i18n } = useTranslation();
  const place = { transform: `translateY(${top}px)` };
  if (row.kind === "gap") {
    const { caughtUp: count } = row;
    return (
      <div className={`${styles["row"]} ${styles["gap"]}`} style={place} role="status">
        {count === null ? t("live.gapUnknown") : t("live.caughtUp", { count })}
      </div>
    );
  }
  const { event } = row;
  const accepted = event.type === "message.accepted";
  const failed = !accepted && event.status !== 0;
  const link = accepted
    ? ({ to: "/applications/$app/messages/$message", params: { app: event.appId, message: event.msgId } } as const)
    : ({
        to: "/applications/$app/messages/$message/attempts/$attempt",
        params: { app: event.appId, message: event.msgId, attempt: event.attemptId },
      } as const);
  return (
    <Link {...link} className={styles["row"]} style={place}>
      <span className={styles["time"]}>{time.format(new Date(event.timestamp))}</span>
      <span className={styles["badge"]}>
        <Badge tone={accepted ? "info" : failed ? "bad" : "good"}>
          {t(accepted ? "live.message" : failed ? "status.fail" : "status.success")}
        </Badge>
      </span>
      <span className={styles["type"]} title={event.eventType}>
        {event.eventType}
      </span>
      <span className={`${styles["app"]} muted`}>
        {event.appName === "" ? (event.appUid ?? event.appId) : event.appName}
      </span>
      <span
        className={`${styles["endpoint"]} muted`}
        {...(accepted || event.endpointUrl === null ? {} : { title: event.endpointUrl })}
      >
        {accepted
          ? t("live.endpoints", { count: event.endpoints })
          : shortUrl(event.endpointUrl ?? event.endpointId ?? "–")}
      </span>
      <span className={`${styles["about"]} muted`}>{accepted ? "" : attemptCause(t, event)}</span>
      <span className={`${styles["took"]} muted numeric`}>
        {accepted ? "" : formatDuration(i18n.language, event.responseDurationMs)}
      </span>
    </Link>
  );
}

function matchesFilter(event: LiveEvent, shown: Shown, text: string): boolean {
  if (shown === "messages" && event.type !== "message.accepted") return false;
  if (shown === "attempts" && event.type !== "attempt.recorded") return false;
  if (shown === "failures" && (event.type !== "attempt.recorded" || event.status === 0)) return false;
  return text === "" || searchedText(event).toLowerCase().includes(text);
}

function searchedText(event: LiveEvent): string {
  const endpoint = event.type === "message.accepted" ? "" : `${event.endpointId} ${event.endpointUrl}`;
  return `${event.eventType} ${event.appName} ${event.appId} ${event.appUid ?? ""} ${event.msgId} ${endpoint}`;
}

/** Loads the newest messages once, so that the page does not start empty. @returns Whether they are still loading. */
function useRecent(onLoaded: (events: readonly MessageAccepted[]) => void): boolean {
  const [isLoading, setIsLoading] = useState(true);
  const latest = useRef(onLoaded);
  useEffect(() => {
    latest.current = onLoaded;
  });
  useEffect(() => {
    let isGone = false;
    const start = async (): Promise<void> => {
      const events = await loadMessages({ limit: RECENT });
      if (isGone) return;
      latest.current(events ?? []);
      setIsLoading(false);
    };
    void start();
    return () => {
      isGone = true;
    };
  }, []);
  return isLoading;
}

/** Loads the messages accepted since `after` from the message list; `null` when the request fails. */
async function loadMissed(after: string | null): Promise<readonly MessageAccepted[] | null> {
  if (after === null) return [];
  return loadMessages({ after, before: new Date(Date.now() + 60_000).toISOString(), limit: MAX_CAUGHT_UP });
}

/** Loads messages as live events, oldest first; `null` when the request fails. */
async function loadMessages(query: {
  readonly after?: string;
  readonly before?: string;
  readonly limit: number;
}): Promise<readonly MessageAccepted[] | null> {
  try {
    const { data } = await must(api.GET("/api/v1/message", { params: { query } }));
    return data.toReversed().map(({ id, appId, appUid, appName, eventType, eventId, deliveries, timestamp }) => ({
      type: "message.accepted",
      id,
      appId,
      appUid,
      appName,
      msgId: id,
      eventType,
      eventId,
      endpoints: Object.values(deliveries).reduce((sum, count) => sum + count, 0),
      timestamp,
    }));
  } catch {
    return null;
  }
}
