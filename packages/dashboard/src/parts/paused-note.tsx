import { useQueryClient } from "@tanstack/react-query";
import { Trans, useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { DELIVERY_PAUSE } from "./paused-deliveries.tsx";

/** Says that deliveries are paused since the server was restored, with a button to resume them. */
export function PausedNote({ backupAt }: { readonly backupAt: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const resume = (
    <Confirm
      needs="settings:write"
      trigger={<Button kind="primary">{t("pausedDeliveries.resume")}</Button>}
      title={t("pausedDeliveries.confirmTitle")}
      text={t("pausedDeliveries.confirmText")}
      action={t("pausedDeliveries.resume")}
      onConfirm={async () => {
        await must(api.POST("/api/v1/delivery-pause/resume"));
        await queries.invalidateQueries({ queryKey: DELIVERY_PAUSE });
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
