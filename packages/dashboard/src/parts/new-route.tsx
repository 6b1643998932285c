import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { type FormValues } from "../components/form.tsx";
import { namesOf, TypePicker } from "./type-picker.tsx";
import { UrlField } from "./url-field.tsx";
import { routesKey } from "./use-routes.ts";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";

/** Dialog that adds an endpoint to a source. */
export function NewRoute({ source }: { readonly source: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const create = useMutation({
    mutationFn: ({ url = "", eventTypes }: FormValues) =>
      must(
        api.POST("/ingest/api/v1/source/{source_id}/endpoint", {
          params: { path: { source_id: source } },
          body: { url: url.trim(), eventTypes: namesOf(eventTypes) },
        }),
      ),
    onSuccess: async ({ id }) => {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: routesKey(source) });
      await navigate({ to: "/sources/$source", params: { source }, search: { tab: "routes", route: id } });
    },
  });
  return (
    <FormDialog
      needs="sources:write"
      trigger={
        <AddButton kind="plain" small>
          {t("routes.new")}
        </AddButton>
      }
      title={t("routes.new")}
      open={open}
      onOpenChange={setOpen}
      wide
      submit={t("actions.create")}
      onSubmit={(values) => create.mutate(values)}
      error={create.error}
      busy={create.isPending}
    >
      <UrlField app={source} />
      <TypePicker app={source} value={[]} />
    </FormDialog>
  );
}
