import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api } from "../api/client.ts";
import { Page } from "../components/page.tsx";
import { toSearchQuery } from "../lib/message-filter.ts";
import { ExportButton } from "../parts/export-button.tsx";
import { MessageList } from "../parts/message-list.tsx";
import { Views } from "../parts/views.tsx";

export function Messages() {
  const { t } = useTranslation();
  const filter = useSearch({ from: "/operator/messages" });
  const navigate = useNavigate({ from: "/messages" });
  return (
    <Page
      title={t("messages.title")}
      lead={t("messages.lead")}
      actions={
        <>
          <Views list="messages" filter={filter} />
          <ExportButton
            name="messages"
            open={(format, signal) =>
              api.GET("/api/v1/export/messages", {
                params: { query: { ...toSearchQuery(filter, Date.now()), format } },
                querySerializer: { array: { style: "form", explode: false } },
                parseAs: "stream",
                signal,
              })
            }
          />
        </>
      }
    >
      <MessageList filter={filter} onFilter={(search) => void navigate({ search })} />
    </Page>
  );
}
