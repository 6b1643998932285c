import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Forward } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { type FormValues } from "../components/form.tsx";
import { Note } from "../components/state.tsx";
import { UrlField } from "./url-field.tsx";
import { FormDialog } from "../components/form-dialog.tsx";

export interface ReplayToProps {
  readonly source: string;
  /** When the request was received: the replay covers exactly this time. */
  readonly at: string;
}

/** Dialog that forwards a received request to any allowed URL. */
export function ReplayTo({ source, at }: ReplayToProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const replay = useMutation({
    mutationFn: ({ url = "" }: FormValues) =>
      must(
        api.POST("/api/v1/app/{app_id}/replay", {
          params: { path: { app_id: source } },
          body: {
            since: at,
            until: at,
            order: "oldest",
            target: { url: url.trim() },
            reason: t("capture.replayReason"),
          },
        }),
      ),
  });
  return (
    <FormDialog
      needs="messages:replay"
      trigger={
        <Button small kind="primary">
          <Forward aria-hidden />
          {t("capture.replay")}
        </Button>
      }
      title={t("capture.replayTitle")}
      open={open}
      onOpenChange={setOpen}
      submit={t("actions.send")}
      onSubmit={(values) => replay.mutate(values)}
      error={replay.error}
      busy={replay.isPending}
    >
      <p className="muted">{t("capture.replayText")}</p>
      <UrlField app={source} />
      {replay.data !== undefined && (
        <Note tone="good">
          {t("capture.replayed")}{" "}
          <Link to="/replays/$app/$replay" params={{ app: source, replay: replay.data.id }}>
            {t("capture.replayView")}
          </Link>
        </Note>
      )}
    </FormDialog>
  );
}
