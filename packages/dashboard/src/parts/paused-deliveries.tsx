import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Trans, useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { useAudience } from "../session/audience.ts";

const KEY = ["delivery-pause"];
/** While deliveries are paused, someone else may resume them. A server is only paused while it is stopped. */
const PAUSED_MS = 10_000;

/** Banner on every page of a server that was restored and sends nothing yet, with a button to resume deliveries. */
export function PausedDeliveries() {
  const { t } = useTranslation();
  const { may, kind } = useAudience();
  const queries = useQueryClient();
  const pause = useQuery({
    queryKey: KEY,
    queryFn: () => must(api.GET("/api/v1/delivery-pause")),
    enabled: kind === "operator" && may("read"),
    refetchInterval: ({ state }) => (state.data?.paused === true ? PAUSED_MS : false),
  });
  const backupAt = pause.data?.backupAt ?? null;
  if (backupAt === null) return null;
  const resume = (
    <Confirm
      needs="settings:write"
      trigger={<Button kind="primary">{t("pausedDeliveries.resume")}</Button>}
      title={t("pausedDeliveries.confirmTitle")}
      text={t("pausedDeliveries.confirmText")}
      action={t("pausedDeliveries.resume")}
      onConfirm={async () => {
        await must(api.POST("/api/v1/delivery-pause/resume"));
        await queries.invalidateQueries({ queryKey: KEY });
      }}
    />
  );
  return (
    <Note tone="warn" action={resume}>
      <strong>{t("pausedDeliveries.title")}</strong>{" "}
      <Trans i18nKey="pausedDeliveries.text" components={{ when: <Time at={backupAt} /> }} />
    </Note>
  );
}
