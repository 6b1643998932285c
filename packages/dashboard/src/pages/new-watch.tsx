import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Page } from "../components/page.tsx";
import type { WatchIn } from "../lib/watch.ts";
import { WatchEditor } from "../parts/watch-editor.tsx";

export function NewWatch() {
  const { t } = useTranslation();
  const { app = "" } = useSearch({ from: "/operator/watches/new" });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: ({ of, body }: { readonly of: string; readonly body: WatchIn }) =>
      must(api.POST("/api/v1/app/{app_id}/watch", { params: { path: { app_id: of } }, body })),
    onSuccess: async ({ id }, { of }) => {
      await queries.invalidateQueries({ queryKey: ["watches"] });
      await navigate({ to: "/watches/$app/$watch", params: { app: of, watch: id } });
    },
  });
  return (
    <Page
      title={t("watches.new")}
      lead={t("watches.lead")}
      crumbs={[
        <Link key="all" to="/watches">
          {t("watches.title")}
        </Link>,
      ]}
    >
      <WatchEditor app={app} watch={null} onSave={(of, body) => create.mutate({ of, body })} save={create} />
    </Page>
  );
}
