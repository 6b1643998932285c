/** Passkeys in the profile. */
import { startRegistration } from "@simplewebauthn/browser";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Tag } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";
import { TextField } from "../components/form.tsx";
import { ListSection } from "../components/list-page.tsx";
import { Time } from "../components/time.tsx";

type CreationOptions = Parameters<typeof startRegistration>[0]["optionsJSON"];

export function Passkeys() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const list = useList(["passkeys"], async () => ({ ...(await must(api.GET("/api/v1/profile/passkey"))), done: true }));
  const remove = async (id: string): Promise<void> => {
    await must(api.DELETE("/api/v1/profile/passkey/{passkey_id}", { params: { path: { passkey_id: id } } }));
    await queries.invalidateQueries({ queryKey: ["passkeys"] });
  };
  return (
    <ListSection
      title={t("passkeys.title")}
      lead={t("passkeys.lead")}
      actions={<NewPasskey />}
      list={list}
      rowKey={({ id }) => id}
      empty={t("passkeys.none")}
      columns={[
        {
          key: "name",
          label: t("passkeys.name"),
          cell: ({ name, synced }) => (
            <>
              <strong>{name}</strong> <Tag>{t(synced ? "passkeys.synced" : "passkeys.oneDevice")}</Tag>
            </>
          ),
        },
        {
          key: "used",
          label: t("passkeys.lastUsed"),
          cell: ({ lastUsedAt }) => (lastUsedAt === null ? t("passkeys.never") : <Time at={lastUsedAt} relative />),
        },
        { key: "rename", label: "", tight: true, cell: ({ id, name }) => <Rename id={id} name={name} /> },
        {
          key: "remove",
          label: "",
          tight: true,
          cell: ({ id, name }) => (
            <Confirm
              trigger={
                <Button small kind="danger">
                  {t("passkeys.remove")}
                </Button>
              }
              title={t("passkeys.removeTitle", { name })}
              text={t("passkeys.removeText")}
              action={t("passkeys.remove")}
              danger
              onConfirm={() => remove(id)}
            />
          ),
        },
      ]}
    />
  );
}

function NewPasskey() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const add = useMutation({
    mutationFn: async (name: string) => {
      const { options } = await must(api.POST("/api/v1/profile/passkey/options"));
      const response = await startRegistration({ optionsJSON: options as unknown as CreationOptions }).catch(
        () => null,
      );
      if (response === null) throw new Error(t("passkeys.canceled"));
      const body = { name, response: response as unknown as Record<string, unknown> };
      return await must(api.POST("/api/v1/profile/passkey", { body }));
    },
    onSuccess: async () => {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: ["passkeys"] });
    },
  });
  return (
    <FormDialog
      trigger={<AddButton>{t("passkeys.add")}</AddButton>}
      title={t("passkeys.add")}
      open={open}
      onOpenChange={setOpen}
      submit={t("passkeys.add")}
      onSubmit={({ name = "" }) => add.mutate(name)}
      error={add.error}
      busy={add.isPending}
    >
      <TextField name="name" label={t("passkeys.name")} help={t("passkeys.nameHelp")} required autoFocus />
    </FormDialog>
  );
}

function Rename({ id, name }: { readonly id: string; readonly name: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const rename = useMutation({
    mutationFn: (wanted: string) =>
      must(
        api.PATCH("/api/v1/profile/passkey/{passkey_id}", {
          params: { path: { passkey_id: id } },
          body: { name: wanted },
        }),
      ),
    onSuccess: async () => {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: ["passkeys"] });
    },
  });
  return (
    <FormDialog
      trigger={<Button small>{t("passkeys.rename")}</Button>}
      title={t("passkeys.rename")}
      open={open}
      onOpenChange={setOpen}
      submit={t("actions.save")}
      onSubmit={({ name: wanted = "" }) => rename.mutate(wanted)}
      error={rename.error}
      busy={rename.isPending}
    >
      <TextField name="name" label={t("passkeys.name")} value={name} required autoFocus />
    </FormDialog>
  );
}
