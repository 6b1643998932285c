import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Form, type FormValues, TextField } from "../components/form.tsx";
import { Page } from "../components/page.tsx";
import { Table } from "../components/table.tsx";
import { Time } from "../components/time.tsx";

export function Applications() {
  const { t } = useTranslation();
  const list = useList(["applications"], (page) =>
    must(api.GET("/api/v1/app", { params: { query: { ...page, order: "descending" } } })),
  );
  return (
    <Page title={t("applications.title")} lead={t("applications.lead")} actions={<NewApplication />}>
      <Table
        label={t("applications.title")}
        list={list}
        rowKey={(row) => row.id}
        linked
        empty={t("applications.none")}
        columns={[
          {
            key: "name",
            label: t("applications.name"),
            cell: (row) => (
              <Link to="/applications/$app" params={{ app: row.id }}>
                {row.name}
              </Link>
            ),
          },
          { key: "uid", label: t("applications.uid"), cell: (row) => <code>{row.uid ?? "–"}</code> },
          {
            key: "id",
            label: t("messages.id"),
            wideOnly: true,
            cell: (row) => <code className="muted">{row.id}</code>,
          },
          {
            key: "created",
            label: t("applications.created"),
            end: true,
            tight: true,
            cell: (row) => <Time at={row.createdAt} relative />,
          },
        ]}
      />
    </Page>
  );
}

function NewApplication() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const create = useMutation({
    mutationFn: (body: { name: string; uid?: string }) => must(api.POST("/api/v1/app", { body })),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ["applications"] });
      await navigate({ to: "/applications/$app", params: { app: id } });
    },
  });
  const submit = ({ name = "", uid = "" }: FormValues): void => {
    create.mutate({ name, ...(uid.trim() === "" ? {} : { uid: uid.trim() }) });
  };
  return (
    <Dialog
      title={t("applications.new")}
      trigger={
        <Button kind="primary">
          <Plus aria-hidden />
          {t("applications.new")}
        </Button>
      }
      open={open}
      onOpenChange={setOpen}
    >
      <Form
        onSubmit={submit}
        error={create.error}
        foot={
          <>
            <Button onClick={() => setOpen(false)}>{t("actions.cancel")}</Button>
            <Button type="submit" kind="primary" disabled={create.isPending}>
              {t("actions.create")}
            </Button>
          </>
        }
      >
        <TextField name="name" label={t("applications.name")} required autoFocus />
        <TextField name="uid" label={t("applications.uid")} help={t("applications.uidHelp")} />
      </Form>
    </Dialog>
  );
}
