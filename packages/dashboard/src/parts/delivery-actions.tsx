import { useMutation, useQueryClient } from "@tanstack/react-query";
import { RotateCcw } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { FormError } from "../components/form.tsx";
import { progressOf } from "../lib/message-queries.ts";
import { useAudience } from "../session/audience.ts";
import styles from "./message-view.module.css";

export interface DeliveryActionsProps {
  readonly app: string;
  readonly message: string;
  readonly delivery: components["schemas"]["MessageDeliveryOut"];
}

/** Buttons to resend a message to one endpoint or cancel a pending delivery. */
export function DeliveryActions({ app, message, delivery }: DeliveryActionsProps) {
  const { t } = useTranslation();
  const { kind, can } = useAudience();
  const queries = useQueryClient();
  const path = { app_id: app, msg_id: message, endpoint_id: delivery.endpointId };
  const refresh = async (): Promise<void> => {
    await Promise.all(progressOf(app, message).map((queryKey) => queries.invalidateQueries({ queryKey })));
  };
  const resend = useMutation({
    mutationFn: () =>
      must(api.POST("/api/v1/app/{app_id}/msg/{msg_id}/endpoint/{endpoint_id}/resend", { params: { path } })),
    onSettled: refresh,
  });
  const cancel = async (): Promise<void> => {
    await must(api.POST("/api/v1/app/{app_id}/msg/{msg_id}/endpoint/{endpoint_id}/cancel", { params: { path } }));
    await refresh();
  };
  if (kind === "portal" && !can("CreateAttempts")) return null;
  const open = ["pending", "retrying", "held"].includes(delivery.state);
  return (
    <div className={styles["row"]}>
      <Button needs="messages:replay" small onClick={() => resend.mutate()} disabled={resend.isPending}>
        <RotateCcw aria-hidden />
        {t(open ? "deliveries.now" : "actions.resend")}
      </Button>
      {open && (
        <Confirm
          needs="messages:delete"
          trigger={
            <Button small kind="quiet">
              {t("deliveries.cancel")}
            </Button>
          }
          title={t("deliveries.cancelTitle")}
          text={t("deliveries.cancelText")}
          action={t("deliveries.cancel")}
          danger
          onConfirm={cancel}
        />
      )}
      <FormError error={resend.error} />
    </div>
  );
}
