/** Credentials, TLS settings and proxy of an endpoint. Secrets are write-only. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Tags } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { AreaField, FormRow, type FormValues, SelectField, TextField } from "../components/form.tsx";
import { Card, Columns, Facts } from "../components/page.tsx";
import { Failed, Loading, Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import {
  AUTH_FIELDS,
  AUTH_TYPES,
  type AuthField,
  authFromForm,
  type AuthType,
  type EgressIn,
  tlsFromForm,
} from "../lib/egress-form.ts";
import { useAudience } from "../session/audience.ts";
import { FormDialog } from "../components/form-dialog.tsx";

type Egress = components["schemas"]["EndpointEgressOut"];

interface Ref {
  readonly app: string;
  readonly id: string;
}

export function EndpointEgress({ app, id }: Ref) {
  const audience = useAudience();
  const path = { app_id: app, endpoint_id: id };
  const egress = useQuery({
    queryKey: ["egress", app, id],
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}/egress", { params: { path } })),
  });
  if (egress.error !== null) return <Failed error={egress.error} />;
  if (egress.data === undefined) return <Loading lines={3} />;
  return (
    <Columns>
      <Credentials app={app} id={id} egress={egress.data} />
      <Tls app={app} id={id} egress={egress.data} />
      {/* Customers cannot set a proxy. */}
      {audience.kind === "operator" && <Proxy app={app} id={id} egress={egress.data} />}
    </Columns>
  );
}

interface PartProps extends Ref {
  readonly egress: Egress;
}

function Credentials({ app, id, egress: { auth } }: PartProps) {
  const { t } = useTranslation();
  const [type, setType] = useState<AuthType>("bearer");
  return (
    <SettingCard
      app={app}
      id={id}
      part="auth"
      isSet={auth !== null}
      toPart={(values) => ({ auth: authFromForm(type, values) })}
      facts={
        auth === null
          ? []
          : [
              [t("network.kind"), t(`network.types.${authType(auth.type)}`)],
              [t("network.carried"), <Tags key="headers" names={auth.headers} />],
              ...(auth.tokenUrl === null ? [] : [[t("network.fields.tokenUrl"), auth.tokenUrl] as const]),
              ...(auth.clientId === null ? [] : [[t("network.fields.clientId"), auth.clientId] as const]),
            ]
      }
    >
      <SelectField
        label={t("network.kind")}
        value={type}
        onChange={(value) => setType(authType(value))}
        choices={AUTH_TYPES.map((value) => ({ value, label: t(`network.types.${value}`) }))}
      />
      {AUTH_FIELDS[type].map((field) => (
        <AuthInput key={`${type} ${field.name}`} field={field} />
      ))}
    </SettingCard>
  );
}

function authType(name: string): AuthType {
  return AUTH_TYPES.find((type) => type === name) ?? "bearer";
}

function AuthInput({ field: { name, secret, required, choices } }: { readonly field: AuthField }) {
  const { t } = useTranslation();
  const label = t(`network.fields.${name}`);
  if (choices !== undefined) {
    const named = choices.map((value) => ({ value, label: value }));
    return <SelectField name={name} label={label} value={choices[0] ?? ""} choices={named} />;
  }
  return (
    <TextField name={name} label={label} type={secret === true ? "password" : "text"} required={required ?? false} />
  );
}

function Tls({ app, id, egress: { tls } }: PartProps) {
  const { t } = useTranslation();
  return (
    <SettingCard
      app={app}
      id={id}
      part="tls"
      isSet={tls !== null}
      toPart={(values) => ({ tls: tlsFromForm(values) })}
      facts={
        tls === null
          ? []
          : [
              [t("network.fields.ca"), t(tls.ca ? "network.own" : "network.usual")],
              [
                t("network.clientCertificate"),
                tls.clientCertificateValidTo === null ? (
                  "–"
                ) : (
                  <span key="to">
                    {t("attempts.validTo")} <Time at={tls.clientCertificateValidTo} />
                  </span>
                ),
              ],
              [t("network.fields.pins"), <Tags key="pins" names={tls.pins} />],
            ]
      }
    >
      <AreaField name="ca" label={t("network.fields.ca")} help={t("network.caHelp")} rows={3} placeholder={PEM} />
      <AreaField name="cert" label={t("network.fields.cert")} rows={3} placeholder={PEM} />
      <AreaField name="key" label={t("network.fields.key")} rows={3} />
      <TextField name="passphrase" label={t("network.fields.passphrase")} type="password" />
      <AreaField name="pins" label={t("network.fields.pins")} help={t("network.pinsHelp")} rows={2} />
    </SettingCard>
  );
}

const PEM = "-----BEGIN CERTIFICATE-----";
const TARGETS = ["address", "name"] as const;

function Proxy({ app, id, egress: { proxy } }: PartProps) {
  const { t } = useTranslation();
  return (
    <SettingCard
      app={app}
      id={id}
      part="proxy"
      isSet={proxy !== null}
      notice={proxy?.refused === true ? t("network.proxyRefused") : null}
      toPart={({ url = "", target }) => ({
        proxy: { url: url.trim(), target: TARGETS.find((name) => name === target) ?? "address" },
      })}
      facts={
        proxy === null
          ? []
          : [
              [t("network.scheme"), proxy.scheme],
              [t("network.target"), t(`network.targets.${proxy.target === "name" ? "name" : "address"}`)],
            ]
      }
    >
      <FormRow>
        <TextField
          name="url"
          label={t("network.proxyUrl")}
          placeholder="socks5://user:password@10.0.0.1:1080"
          required
        />
        <SelectField
          name="target"
          label={t("network.target")}
          value="address"
          choices={TARGETS.map((value) => ({ value, label: t(`network.targets.${value}`) }))}
        />
      </FormRow>
    </SettingCard>
  );
}

interface NetworkPartProps extends Ref {
  readonly part: keyof EgressIn;
  readonly isSet: boolean;
  readonly facts: readonly (readonly [string, ReactNode])[];
  /** Why the current setting does not work; `null` when it does. */
  readonly notice?: string | null;
  readonly toPart: (values: FormValues) => EgressIn;
  /** Form fields of the dialog. */
  readonly children: ReactNode;
}

/** Card of one setting: its visible values, and a dialog that replaces it as a whole. */
function SettingCard({ app, id, part, isSet, facts, notice = null, toPart, children }: NetworkPartProps) {
  const { t } = useTranslation();
  const { can } = useAudience();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const put = async (body: EgressIn): Promise<void> => {
    const path = { app_id: app, endpoint_id: id };
    await must(api.PUT("/api/v1/app/{app_id}/endpoint/{endpoint_id}/egress", { params: { path }, body }));
    await queries.invalidateQueries({ queryKey: ["egress", app, id] });
  };
  const save = useMutation({
    mutationFn: (values: FormValues) => put(toPart(values)),
    onSuccess: () => setOpen(false),
  });
  const actions = (
    <>
      {isSet && (
        <Confirm
          needs="endpoints:write"
          trigger={
            <Button small kind="danger">
              {t("network.remove")}
            </Button>
          }
          title={t(`network.removeTitles.${part}`)}
          text={t("network.removeText")}
          action={t("network.remove")}
          danger
          onConfirm={() => put({ [part]: null })}
        />
      )}
      <FormDialog
        needs="endpoints:write"
        trigger={<Button small>{t(isSet ? "network.replace" : "network.set")}</Button>}
        title={t(`network.parts.${part}`)}
        open={open}
        onOpenChange={setOpen}
        wide
        submit={t("actions.save")}
        onSubmit={(values) => save.mutate(values)}
        error={save.error}
        busy={save.isPending}
      >
        {isSet && <p className="muted">{t("network.replaceText")}</p>}
        {children}
      </FormDialog>
    </>
  );
  return (
    <Card
      title={t(`network.parts.${part}`)}
      lead={t(`network.leads.${part}`)}
      {...(can("ManageEndpoint") ? { actions } : {})}
    >
      {notice !== null && <Note tone="bad">{notice}</Note>}
      {isSet ? <Facts facts={facts} /> : <p className="muted">{t("network.none")}</p>}
    </Card>
  );
}
