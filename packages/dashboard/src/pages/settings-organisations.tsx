import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { SaveFoot } from "../components/form-foot.tsx";
import { Form, type FormValues, SwitchField, TextField } from "../components/form.tsx";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";
import { Card } from "../components/page.tsx";
import { ListSection } from "../components/list-page.tsx";
import { Time } from "../components/time.tsx";
import { switchOrganisation } from "../session/organisation.ts";

/** Organisations of the caller, with their names. Each has its own applications, keys and users. */
export function Organisations() {
  const { t } = useTranslation();
  const list = useList(["organisations"], async () => {
    const { data } = await must(api.GET("/api/v1/organisation"));
    return { data, iterator: null, done: true };
  });
  const current = list.rows.find((row) => row.current);
  return (
    <>
      <ListSection
        title={t("organisations.title")}
        lead={t("organisations.lead")}
        actions={<NewOrganisation />}
        list={list}
        rowKey={(row) => row.id}
        empty={t("organisations.none")}
        columns={[
          {
            key: "name",
            label: t("applications.name"),
            cell: (row) => (
              <>
                <strong>{row.name === "" ? t("organisations.unnamed") : row.name}</strong>{" "}
                {row.current && <Badge>{t("organisations.current")}</Badge>}
              </>
            ),
          },
          {
            key: "id",
            label: t("messages.id"),
            wideOnly: true,
            cell: (row) => <code className="muted">{row.id}</code>,
          },
          {
            key: "role",
            label: t("organisations.role"),
            cell: (row) => (row.role === null ? "" : t(`organisations.roles.${row.role}`)),
          },
          { key: "created", label: t("applications.created"), cell: (row) => <Time at={row.createdAt} relative /> },
          {
            key: "act",
            label: "",
            tight: true,
            cell: (row) =>
              row.current ? (
                <RenameOrganisation id={row.id} name={row.name} />
              ) : (
                <Button small onClick={() => void switchOrganisation(row.id)}>
                  {t("organisations.switchTo")}
                </Button>
              ),
          },
        ]}
      />
      {current !== undefined && <RequireFactor key={String(current.requiresSecondFactor)} organisation={current} />}
    </>
  );
}

type Organisation = components["schemas"]["OrganisationOut"];

/** Whether the users of the organisation need a second factor. */
function RequireFactor({ organisation: { id, requiresSecondFactor } }: { readonly organisation: Organisation }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const params = { path: { organisation_id: id } };
  const save = useMutation({
    mutationFn: ({ required }: FormValues) =>
      must(
        api.PATCH("/api/v1/organisation/{organisation_id}", {
          params,
          body: { requiresSecondFactor: required === "on" },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["organisations"] }),
  });
  return (
    <Card title={t("organisations.factor")} lead={t("organisations.factorLead")}>
      <Form
        needs="organisations:manage"
        onSubmit={(values) => save.mutate(values)}
        error={save.error}
        foot={<SaveFoot save={save} />}
      >
        <SwitchField name="required" label={t("organisations.requireFactor")} defaultChecked={requiresSecondFactor} />
      </Form>
    </Card>
  );
}

function NewOrganisation() {
  const { t } = useTranslation();
  return (
    <NameDialog
      trigger={<AddButton>{t("organisations.new")}</AddButton>}
      title={t("organisations.new")}
      submit={t("actions.create")}
      name=""
      save={(name) => must(api.POST("/api/v1/organisation", { body: { name } }))}
    />
  );
}

function RenameOrganisation({ id, name }: { readonly id: string; readonly name: string }) {
  const { t } = useTranslation();
  const params = { path: { organisation_id: id } };
  return (
    <NameDialog
      trigger={<Button small>{t("organisations.rename")}</Button>}
      title={t("organisations.rename")}
      submit={t("actions.save")}
      name={name}
      save={(next) => must(api.PATCH("/api/v1/organisation/{organisation_id}", { params, body: { name: next } }))}
    />
  );
}

interface NameDialogProps {
  readonly trigger: ReactElement;
  readonly title: string;
  readonly submit: string;
  readonly name: string;
  readonly save: (name: string) => Promise<unknown>;
}

function NameDialog({ trigger, title, submit, name, save }: NameDialogProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const saving = useMutation({
    mutationFn: save,
    onSuccess: async () => {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: ["organisations"] });
    },
  });
  return (
    <FormDialog
      needs="organisations:manage"
      trigger={trigger}
      title={title}
      open={open}
      onOpenChange={setOpen}
      submit={submit}
      onSubmit={({ name: next = "" }) => saving.mutate(next)}
      error={saving.error}
      busy={saving.isPending}
    >
      <TextField name="name" label={t("applications.name")} value={name} required autoFocus />
    </FormDialog>
  );
}
