import { useQueryClient } from "@tanstack/react-query";
import { MoreHorizontal } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { ExactMessage } from "../api/message.ts";
import type { components } from "../api/schema.ts";
import { Button } from "../components/button.tsx";
import { Copy } from "../components/copy.tsx";
import { Confirm } from "../components/dialog.tsx";
import { publishCurl } from "../lib/curl.ts";
import { ShareDialog } from "./share-dialog.tsx";
import { isSource } from "../lib/source.ts";

export interface MessageActionsProps {
  readonly app: string;
  readonly message: ExactMessage;
  readonly deliveries: readonly components["schemas"]["MessageDeliveryOut"][];
}

export function MessageActions({ app, message, deliveries }: MessageActionsProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const path = { app_id: app, msg_id: message.id };
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: ["message", app, message.id] });
  const cancel = async (): Promise<void> => {
    await must(api.POST("/api/v1/app/{app_id}/msg/{msg_id}/cancel", { params: { path } }));
    await refresh();
  };
  const expunge = async (): Promise<void> => {
    await must(api.DELETE("/api/v1/app/{app_id}/msg/{msg_id}/content", { params: { path } }));
    await refresh();
  };
  const open = deliveries.some(({ state }) => ["pending", "retrying", "held"].includes(state));
  return (
    <>
      {/* Messages cannot be published to a source. */}
      {!isSource(app) && <Copy label={t("messages.copyCurl")} text={() => publishCurl(app, message)} />}
      <ShareDialog app={app} message={message.id} />
      {open && (
        <Confirm
          needs="messages:delete"
          trigger={<Button small>{t("messages.cancel")}</Button>}
          title={t("messages.cancelTitle")}
          text={t("deliveries.cancelText")}
          action={t("messages.cancel")}
          danger
          onConfirm={cancel}
        />
      )}
      <Confirm
        needs="messages:delete"
        trigger={
          <Button small kind="quiet">
            <MoreHorizontal aria-hidden />
            {t("messages.expunge")}
          </Button>
        }
        title={t("messages.expungeTitle")}
        text={t("messages.expungeText")}
        action={t("messages.expunge")}
        danger
        onConfirm={expunge}
      />
    </>
  );
}
