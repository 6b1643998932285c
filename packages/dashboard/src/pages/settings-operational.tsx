import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Url } from "../components/url.tsx";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Badge, Tags } from "../components/badge.tsx";
import { type FormValues, TextField } from "../components/form.tsx";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";
import { ListSection } from "../components/list-page.tsx";
import { DeleteRow } from "../parts/delete-row.tsx";
import { CREATE_OPERATIONAL_WEBHOOK } from "../lib/api-command.ts";
import { ApiCommand } from "../parts/api-command.tsx";

/** Endpoints that receive operational webhooks, such as a disabled endpoint or a message with exhausted retries. */
export function OperationalWebhooks() {
  const { t } = useTranslation();
  const list = useList(["operational"], (page) =>
    must(api.GET("/api/v1/operational-webhook/endpoint", { params: { query: page } })),
  );
  return (
    <ListSection
      title={t("operational.title")}
      lead={t("operational.lead")}
      actions={<NewOperationalWebhook />}
      list={list}
      rowKey={(row) => row.id}
      empty={t("operational.none")}
      emptyAction={<ApiCommand call={CREATE_OPERATIONAL_WEBHOOK} />}
      columns={[
        {
          key: "url",
          label: t("endpoints.url"),
          cell: (row) => (
            <strong title={row.url}>
              <Url url={row.url} />
            </strong>
          ),
        },
        {
          key: "types",
          label: t("endpoints.types"),
          cell: (row) => <Tags names={row.filterTypes} max={3} none={t("endpoints.allTypes")} />,
        },
        {
          key: "state",
          label: t("endpoints.state"),
          cell: (row) => (
            <Badge tone={row.disabled ? "warn" : "good"}>
              {t(row.disabled ? "endpoints.disabled" : "endpoints.enabled")}
            </Badge>
          ),
        },
        {
          key: "delete",
          label: "",
          tight: true,
          cell: (row) => (
            <DeleteRow
              needs="settings:write"
              action={t("actions.delete")}
              title={t("endpoints.deleteTitle")}
              text={t("endpoints.deleteText")}
              lists={[["operational"]]}
              remove={() =>
                must(
                  api.DELETE("/api/v1/operational-webhook/endpoint/{endpoint_id}", {
                    params: { path: { endpoint_id: row.id } },
                  }),
                )
              }
            />
          ),
        },
      ]}
    />
  );
}

function NewOperationalWebhook() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const create = useMutation({
    mutationFn: ({ url = "", description = "" }: FormValues) =>
      must(api.POST("/api/v1/operational-webhook/endpoint", { body: { url: url.trim(), description } })),
    onSuccess: async () => {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: ["operational"] });
    },
  });
  return (
    <FormDialog
      needs="settings:write"
      trigger={<AddButton>{t("endpoints.new")}</AddButton>}
      title={t("endpoints.new")}
      open={open}
      onOpenChange={setOpen}
      submit={t("actions.create")}
      onSubmit={(values) => create.mutate(values)}
      error={create.error}
      busy={create.isPending}
    >
      <TextField name="url" type="url" label={t("endpoints.url")} required autoFocus />
      <TextField name="description" label={t("endpoints.description")} />
    </FormDialog>
  );
}
