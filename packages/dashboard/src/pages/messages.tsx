import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Page } from "../components/page.tsx";
import { MessageList } from "../parts/message-list.tsx";

export function Messages() {
  const { t } = useTranslation();
  const filter = useSearch({ from: "/operator/messages" });
  const navigate = useNavigate({ from: "/messages" });
  return (
    <Page title={t("messages.title")} lead={t("messages.lead")}>
      <MessageList filter={filter} onFilter={(search) => void navigate({ search })} />
    </Page>
  );
}
