import { useTranslation } from "react-i18next";
import { Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { useFace } from "../session/face.ts";
import { EndpointSwitch } from "./endpoint-switch.tsx";
import type { Endpoint } from "./endpoint-view.tsx";
import { useFlow } from "./use-flow.ts";

export interface HealthBannerProps {
  readonly app: string;
  readonly endpoint: Endpoint;
}

/** An endpoint that is off, with the way back; or one that fails, and when it will be switched off. */
export function HealthBanner({ app, endpoint }: HealthBannerProps) {
  const { t } = useTranslation();
  const { can } = useFace();
  const flow = useFlow(app, endpoint.id);
  const failing = flow.data?.failing ?? null;
  if (endpoint.disabled) {
    const action = can("ManageEndpoint") ? { action: <EndpointSwitch app={app} endpoint={endpoint} /> } : {};
    return (
      <Note tone="warn" {...action}>
        <strong>{t("portal.health.off")}</strong> {flow.data?.reason} {t("portal.health.offText")}
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
          {t("portal.health.switchOff")} <Time at={failing.disabledAt} />.
        </>
      )}
    </Note>
  );
}
