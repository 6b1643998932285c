/** Identity providers of the organisation. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Copyable } from "../components/copy.tsx";
import { Confirm } from "../components/dialog.tsx";
import { ErrorText } from "../components/error-text.tsx";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";
import { type FormValues, FormRow, AreaField, SelectField, SwitchField, TextField } from "../components/form.tsx";
import { ListSection } from "../components/list-page.tsx";
import { Note } from "../components/state.tsx";
import { groupRolesText, parseGroupRoles } from "../lib/group-roles.ts";

type Provider = components["schemas"]["IdentityProviderOut"];
type ProviderIn = components["schemas"]["IdentityProviderIn"];
type RoleName = NonNullable<ProviderIn["defaultRole"]>;

const ROLE_NAMES = [
  "owner",
  "admin",
  "developer",
  "support",
  "viewer",
  "auditor",
] as const satisfies readonly RoleName[];
const KEY = ["identity-providers"];

export function SignInSettings() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const list = useList(KEY, (page) => must(api.GET("/api/v1/identity-provider", { params: { query: page } })));
  const [shown, setShown] = useState<Provider | null>(null);
  const check = useMutation({
    mutationFn: async (provider: Provider) => {
      const params = { path: { provider_id: provider.id } };
      await must(api.POST("/api/v1/identity-provider/{provider_id}/check", { params }));
      return provider.name;
    },
  });
  const remove = async (id: string): Promise<void> => {
    const params = { path: { provider_id: id } };
    await must(api.DELETE("/api/v1/identity-provider/{provider_id}", { params }));
    setShown(null);
    await queries.invalidateQueries({ queryKey: KEY });
  };
  return (
    <ListSection
      title={t("providers.title")}
      lead={t("providers.lead")}
      actions={<ProviderDialog trigger={<AddButton>{t("providers.add")}</AddButton>} onSaved={setShown} />}
      list={list}
      rowKey={({ id }) => id}
      empty={t("providers.none")}
      columns={[
        {
          key: "name",
          label: t("providers.name"),
          cell: ({ name, issuer, enabled }) => (
            <>
              <strong>{name}</strong> {!enabled && <Badge tone="warn">{t("providers.disabled")}</Badge>}
              <div className="muted">{issuer}</div>
            </>
          ),
        },
        {
          key: "check",
          label: "",
          tight: true,
          cell: (provider) => (
            <Button needs="people:manage" small disabled={check.isPending} onClick={() => check.mutate(provider)}>
              {t("providers.check")}
            </Button>
          ),
        },
        {
          key: "edit",
          label: "",
          tight: true,
          cell: (provider) => (
            <ProviderDialog trigger={<Button small>{t("actions.edit")}</Button>} value={provider} onSaved={setShown} />
          ),
        },
        {
          key: "remove",
          label: "",
          tight: true,
          cell: ({ id, name }) => (
            <Confirm
              needs="people:manage"
              trigger={
                <Button small kind="danger">
                  {t("providers.remove")}
                </Button>
              }
              title={t("providers.removeTitle", { name })}
              text={t("providers.removeText")}
              action={t("providers.remove")}
              danger
              onConfirm={() => remove(id)}
            />
          ),
        },
      ]}
    >
      {check.isSuccess && <Note tone="good">{t("providers.checked", { name: check.data })}</Note>}
      {check.error !== null && (
        <Note tone="bad">
          <ErrorText error={check.error} />
        </Note>
      )}
      {shown !== null && <Registration provider={shown} />}
    </ListSection>
  );
}

/** Values to enter at the provider. */
function Registration({ provider }: { readonly provider: Provider }) {
  const { t } = useTranslation();
  return (
    <Note>
      <strong>{t("providers.registered")}</strong>
      <dl>
        {(["redirectUri", "afterLogoutUri", "logoutUri"] as const).map((name) => (
          <div key={name}>
            <dt>{t(`providers.${name}`)}</dt>
            <dd>
              <Copyable text={provider[name]} />
            </dd>
          </div>
        ))}
      </dl>
    </Note>
  );
}

interface ProviderDialogProps {
  readonly trigger: ReactElement;
  readonly value?: Provider;
  readonly onSaved: (provider: Provider) => void;
}

function ProviderDialog({ trigger, value, onSaved }: ProviderDialogProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const save = useMutation({
    mutationFn: async (values: FormValues) => {
      const parsed = parseGroupRoles(values["roles"] ?? "");
      if ("badLine" in parsed) throw new Error(t("providers.badRule", { line: parsed.badLine }));
      const body = bodyOf(values, parsed.roles as ProviderIn["roles"], value);
      if (value === undefined) return await must(api.POST("/api/v1/identity-provider", { body }));
      const params = { path: { provider_id: value.id } };
      return await must(api.PUT("/api/v1/identity-provider/{provider_id}", { params, body }));
    },
    onSuccess: async (provider) => {
      setOpen(false);
      onSaved(provider);
      await queries.invalidateQueries({ queryKey: KEY });
    },
  });
  const title = value === undefined ? t("providers.add") : t("providers.edit", { name: value.name });
  return (
    <FormDialog
      needs="people:manage"
      trigger={trigger}
      title={title}
      wide
      open={open}
      onOpenChange={setOpen}
      submit={t(value === undefined ? "actions.create" : "actions.save")}
      onSubmit={(values) => save.mutate(values)}
      error={save.error}
      busy={save.isPending}
    >
      <ProviderFields {...(value === undefined ? {} : { value })} />
    </FormDialog>
  );
}

function bodyOf(values: FormValues, roles: ProviderIn["roles"], before: Provider | undefined): ProviderIn {
  const secret = values["clientSecret"] ?? "";
  const domains = (values["domains"] ?? "").split(",").map((domain) => domain.trim());
  return {
    name: values["name"] ?? "",
    issuer: (values["issuer"] ?? "").trim(),
    clientId: values["clientId"] ?? "",
    // An empty field keeps a stored secret.
    ...(secret === "" && before?.hasClientSecret === true ? {} : { clientSecret: secret === "" ? null : secret }),
    scopes: values["scopes"] ?? "",
    groupsClaim: values["groupsClaim"] ?? "",
    ...(roles === undefined ? {} : { roles }),
    defaultRole: ROLE_NAMES.find((role) => role === values["defaultRole"]) ?? null,
    domains: domains.filter((domain) => domain !== ""),
    enabled: values["enabled"] === "on",
  };
}

function ProviderFields({ value }: { readonly value?: Provider }) {
  const { t } = useTranslation();
  const roles = ROLE_NAMES.map((role) => ({ value: role, label: t(`users.roles.${role}`) }));
  return (
    <>
      <FormRow>
        <TextField
          name="name"
          label={t("providers.name")}
          help={t("providers.nameHelp")}
          value={value?.name ?? ""}
          required
        />
        <TextField
          name="issuer"
          label={t("providers.issuer")}
          help={t("providers.issuerHelp")}
          type="url"
          value={value?.issuer ?? ""}
          required
        />
      </FormRow>
      <FormRow>
        <TextField name="clientId" label={t("providers.clientId")} value={value?.clientId ?? ""} required />
        <TextField
          name="clientSecret"
          label={t("providers.clientSecret")}
          type="password"
          autoComplete="off"
          help={t(value?.hasClientSecret === true ? "providers.secretKept" : "providers.secretNew")}
        />
      </FormRow>
      <FormRow>
        <TextField
          name="scopes"
          label={t("providers.scopes")}
          value={value?.scopes ?? "openid profile email"}
          required
        />
        <TextField
          name="groupsClaim"
          label={t("providers.groupsClaim")}
          value={value?.groupsClaim ?? "groups"}
          required
        />
      </FormRow>
      <AreaField
        name="roles"
        label={t("providers.roles")}
        help={t("providers.rolesHelp", { roles: ROLE_NAMES.join(", ") })}
        value={groupRolesText(value?.roles ?? [])}
        placeholder="platform = admin"
        rows={4}
      />
      <FormRow>
        <SelectField
          name="defaultRole"
          label={t("providers.defaultRole")}
          value={value?.defaultRole ?? ""}
          choices={[{ value: "", label: t("providers.noRole") }, ...roles]}
        />
        <TextField
          name="domains"
          label={t("providers.domains")}
          help={t("providers.domainsHelp")}
          value={value?.domains.join(", ") ?? ""}
        />
      </FormRow>
      <SwitchField name="enabled" label={t("providers.enabled")} defaultChecked={value?.enabled ?? true} />
    </>
  );
}
