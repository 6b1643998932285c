import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { FormError } from "../components/form.tsx";
import { inputName } from "../lib/destination-config.ts";
import { regional } from "../lib/format.ts";
import styles from "./destination.module.css";

/** Fields of a configuration that is a schedule. */
export const SCHEDULE_FIELDS = ["cron", "timeZone", "everySeconds"] as const;

interface Schedule {
  readonly cron: string;
  readonly timeZone: string;
  readonly everySeconds: string;
}

const PAUSE_MS = 400;

/** The next due times of the schedule in the form around it, in the zone of the schedule. */
export function DueTimes() {
  const { t, i18n } = useTranslation();
  const root = useRef<HTMLDivElement>(null);
  const schedule = useSchedule(root);
  const { cron, timeZone, everySeconds } = schedule;
  const isEmpty = cron === "" && everySeconds === "";
  const times = useQuery({
    queryKey: ["due-times", schedule],
    queryFn: () =>
      must(
        api.GET("/ingest/api/v1/schedule/due-times", {
          params: {
            query: {
              ...(cron === "" ? {} : { cron }),
              ...(timeZone === "" ? {} : { timeZone }),
              ...(everySeconds === "" ? {} : { everySeconds: Number(everySeconds) }),
            },
          },
        }),
      ),
    enabled: !isEmpty,
    retry: false,
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });
  const zone = cron === "" || timeZone === "" ? "UTC" : timeZone;
  return (
    <div ref={root} className={styles["due"]} aria-live="polite">
      <p className={styles["name"]}>{t("sourceKinds.due", { zone })}</p>
      {isEmpty && <p className="muted">{t("sourceKinds.dueEmpty")}</p>}
      {!isEmpty && <FormError error={times.error} />}
      {!isEmpty && times.error === null && times.data !== undefined && (
        <ol className={styles["times"]}>
          {times.data.dueTimes.map((at) => (
            <li key={at}>
              <time dateTime={at} title={at}>
                {timeIn(i18n.language, zone, Date.parse(at))}
              </time>
            </li>
          ))}
          {times.data.dueTimes.length === 0 && <li>{t("sourceKinds.dueNone")}</li>}
        </ol>
      )}
    </div>
  );
}

function timeIn(language: string, timeZone: string, at: number): string {
  const options = { dateStyle: "full", timeStyle: "medium" } as const;
  try {
    return new Intl.DateTimeFormat(regional(language), { ...options, timeZone }).format(at);
  } catch {
    // The time zone is incomplete while it is being typed.
    return new Intl.DateTimeFormat(regional(language), { ...options, timeZone: "UTC" }).format(at);
  }
}

/** The schedule in the form, a moment after the last change. */
function useSchedule(root: { readonly current: HTMLElement | null }): Schedule {
  const [schedule, setSchedule] = useState<Schedule>({ cron: "", timeZone: "", everySeconds: "" });
  useEffect(() => {
    const form = root.current?.closest("form");
    if (form === null || form === undefined) return;
    const read = (): void => {
      const values = new FormData(form);
      const text = (name: string): string => {
        const value = values.get(inputName(name));
        return typeof value === "string" ? value.trim() : "";
      };
      setSchedule({ cron: text("cron"), timeZone: text("timeZone"), everySeconds: text("everySeconds") });
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const later = (): void => {
      clearTimeout(timer);
      timer = setTimeout(read, PAUSE_MS);
    };
    read();
    form.addEventListener("input", later);
    return () => {
      clearTimeout(timer);
      form.removeEventListener("input", later);
    };
  }, [root]);
  return schedule;
}
