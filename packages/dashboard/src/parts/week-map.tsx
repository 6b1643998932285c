import { useTranslation } from "react-i18next";
import { formatNumber, regional } from "../lib/format.ts";
import styles from "./week-map.module.css";

const HOURS = 24;
const DAY_MS = 86_400_000;
/** Midnight in UTC of some Monday, to format the names of weekdays. */
const MONDAY = Date.UTC(2024, 0, 1);
const PERCENT = 100;

/** Heat map of the expected events in each hour of the week, in UTC. */
export function WeekMap({ week }: { readonly week: readonly number[] }) {
  const { t, i18n } = useTranslation();
  const { language } = i18n;
  const most = Math.max(...week, Number.MIN_VALUE);
  const day = new Intl.DateTimeFormat(regional(language), { weekday: "short", timeZone: "UTC" });
  const days = Array.from({ length: week.length / HOURS }, (_, index) => index);
  return (
    <div className={styles["scroll"]} tabIndex={0} role="group" aria-label={t("activity.week")}>
      <table className={styles["map"]} aria-label={t("activity.week")}>
        <thead>
          <tr>
            <th scope="col">
              <span className="visually-hidden">{t("activity.day")}</span>
            </th>
            {Array.from({ length: HOURS }, (_, hour) => (
              <th key={hour} scope="col">
                {hour}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {days.map((index) => (
            <tr key={index}>
              <th scope="row">{day.format(MONDAY + index * DAY_MS)}</th>
              {week.slice(index * HOURS, (index + 1) * HOURS).map((events, hour) => {
                const text = formatNumber(language, events, 1);
                return (
                  <td key={hour} title={text}>
                    <span className={styles["cell"]} style={{ opacity: `${Math.round((events / most) * PERCENT)}%` }} />
                    <span className="visually-hidden">{text}</span>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
