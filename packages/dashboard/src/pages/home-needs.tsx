import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { buttonClass } from "../components/button.tsx";
import { Card } from "../components/page.tsx";
import { Empty, Loading } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { DISK_DAYS } from "../lib/disk.ts";
import { formatNumber } from "../lib/format.ts";
import { TROUBLE_TONES } from "../lib/troubles.ts";
import styles from "./home.module.css";

type Silent = components["schemas"]["StatsNowOut"]["sources"]["silent"][number];
type Trouble = components["schemas"]["EndpointInTroubleOut"];

interface NeedsYouProps {
  readonly now: components["schemas"]["StatsNowOut"] | undefined;
  readonly storage: components["schemas"]["StatsStorageOut"] | undefined;
}

/** What somebody should look at, worst first. */
export function NeedsYou({ now, storage }: NeedsYouProps) {
  const { t } = useTranslation();
  const days = storage?.fullInDays ?? null;
  const diskSoon = days !== null && days < DISK_DAYS ? days : null;
  return (
    <Card title={t("home.needsYou")}>
      {now === undefined ? (
        <Loading lines={3} />
      ) : now.endpoints.inTrouble.length + now.sources.silent.length === 0 && diskSoon === null ? (
        <Empty>{t("home.needsNothing")}</Empty>
      ) : (
        <ul className={styles["needs"]}>
          {diskSoon !== null && <DiskNeed days={diskSoon} />}
          {now.endpoints.inTrouble.map((trouble) => (
            <Need key={trouble.endpointId} trouble={trouble} />
          ))}
          {now.sources.silent.map((source) => (
            <SilentNeed key={source.sourceId} source={source} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Need({ trouble }: { readonly trouble: Trouble }) {
  const { t, i18n } = useTranslation();
  const { appId, appName, endpointId, url, failures, due, failingSince } = trouble;
  return (
    <li className={styles["need"]}>
      <p>
        <Badge tone={TROUBLE_TONES[trouble.trouble]}>{t(`home.troubles.${trouble.trouble}`)}</Badge>{" "}
        <strong>{url}</strong> <span className="muted">{appName}</span>
        <br />
        <span className="muted">
          {failingSince !== null && (
            <>
              {t("home.failures", { count: failures })} <Time at={failingSince} relative />
              {" · "}
            </>
          )}
          {t("home.waits", { count: due, value: formatNumber(i18n.language, due) })}
        </span>
      </p>
      <Link
        to="/applications/$app/endpoints/$endpoint"
        params={{ app: appId, endpoint: endpointId }}
        className={buttonClass("plain", true)}
        aria-label={t("home.lookAt", { url })}
      >
        {t("actions.look")}
      </Link>
    </li>
  );
}

function DiskNeed({ days }: { readonly days: number }) {
  const { t } = useTranslation();
  return (
    <li className={styles["need"]}>
      <p>
        <Badge tone="bad">{t("storage.disk")}</Badge> <strong>{t("storage.full", { count: days })}</strong>
      </p>
      <Link to="/settings" search={{ tab: "storage" }} className={buttonClass("plain", true)}>
        {t("settings.tabs.storage")}
      </Link>
    </li>
  );
}

function SilentNeed({ source: { sourceId, name, silentSince } }: { readonly source: Silent }) {
  const { t } = useTranslation();
  return (
    <li className={styles["need"]}>
      <p>
        <Badge tone="warn">{t("sources.rhythm.silent")}</Badge> <strong>{name}</strong>
        <br />
        <span className="muted">
          {t("home.silent")} <Time at={silentSince} relative />
        </span>
      </p>
      <Link
        to="/sources/$source"
        params={{ source: sourceId }}
        className={buttonClass("plain", true)}
        aria-label={t("home.lookAt", { url: name })}
      >
        {t("actions.look")}
      </Link>
    </li>
  );
}
