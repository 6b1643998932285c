import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { buttonClass } from "../components/button.tsx";
import { Card } from "../components/page.tsx";
import { Empty, Loading } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { formatNumber } from "../lib/format.ts";
import styles from "./home.module.css";

type Trouble = components["schemas"]["EndpointInTroubleOut"];

/** What somebody should look at, worst first. */
export function NeedsYou({ now }: { readonly now: components["schemas"]["StatsNowOut"] | undefined }) {
  const { t } = useTranslation();
  return (
    <Card title={t("home.needsYou")}>
      {now === undefined ? (
        <Loading lines={3} />
      ) : now.endpoints.inTrouble.length === 0 ? (
        <Empty>{t("home.needsNothing")}</Empty>
      ) : (
        <ul className={styles["needs"]}>
          {now.endpoints.inTrouble.map((trouble) => (
            <Need key={trouble.endpointId} trouble={trouble} />
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
        <Badge tone={trouble.trouble === "failing" || trouble.trouble === "paused" ? "warn" : "bad"}>
          {t(`home.troubles.${trouble.trouble}`)}
        </Badge>{" "}
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
