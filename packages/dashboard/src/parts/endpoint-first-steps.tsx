import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { buttonClass } from "../components/button.tsx";
import { Card } from "../components/page.tsx";
import { useAudience } from "../session/audience.ts";
import { useLastAttempt } from "./endpoint-deliveries.tsx";
import styles from "./endpoint-first-steps.module.css";
import type { EndpointActionsProps } from "./endpoint-props.ts";

/** What to do after a webhook endpoint was created, until the first attempt: secret, code, test. */
export function EndpointFirstSteps({ app, endpoint }: EndpointActionsProps) {
  const { t } = useTranslation();
  const { can } = useAudience();
  const { data } = useLastAttempt({ app, endpoint: endpoint.id });
  if (data !== null || endpoint.kind !== "http") return null;
  return (
    <Card title={t("endpoints.steps.title")} lead={t("endpoints.steps.lead")}>
      <ol className={styles["steps"]}>
        <li>
          <strong>{t("endpoints.steps.secret")}</strong>
          <span className="muted">{t("endpoints.steps.secretText")}</span>
        </li>
        <li>
          <strong>{t("endpoints.steps.code")}</strong>
          <span className="muted">{t("endpoints.steps.codeText")}</span>
          <Link to="." search={{ tab: "security" }} className={buttonClass("plain", true)}>
            {t("endpoints.steps.openCode")}
          </Link>
        </li>
        {can("CreateAttempts") && (
          <li>
            <strong>{t("endpoints.steps.test")}</strong>
            <span className="muted">{t("endpoints.steps.testText")}</span>
          </li>
        )}
      </ol>
    </Card>
  );
}
