import { Trans, useTranslation } from "react-i18next";
import { Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { useAudience } from "../session/audience.ts";
import type { Endpoint } from "./endpoint-props.ts";
import { EndpointSwitch } from "./endpoint-switch.tsx";
import { useEndpointState } from "./use-endpoint-state.ts";

export interface HealthBannerProps {
  readonly app: string;
  readonly endpoint: Endpoint;
}

/** Banner for a disabled endpoint, with a button to enable it, or for a failing one, with the time at which it will be disabled. */
export function HealthBanner({ app, endpoint }: HealthBannerProps) {
  const { t } = useTranslation();
  const { can } = useAudience();
  const state = useEndpointState(app, endpoint.id);
  const failing = state.data?.failing ?? null;
  const reason = state.data?.reason ?? "";
  const reasonText =
    reason === "gone" ? t("endpointState.reasons.gone") : `${reason} ${t("portal.health.disabledText")}`.trim();
  if (endpoint.disabled) {
    const action = can("ManageEndpoint") ? { action: <EndpointSwitch app={app} endpoint={endpoint} /> } : {};
    return (
      <Note tone="warn" {...action}>
        <strong>{t("portal.health.disabled")}</strong> {reasonText}
      </Note>
    );
  }
  if (failing === null) return null;
  return (
    <Note tone="warn">
      <strong>
        {t("portal.health.failing")} <Time at={failing.since} />
      </strong>{" "}
      ({t("home.failures", { count: failing.failures })}).
      {failing.disabledAt !== null && (
        <>
          {" "}
          <Trans i18nKey="portal.health.autoDisable" components={{ when: <Time at={failing.disabledAt} /> }} />
        </>
      )}
    </Note>
  );
}
