import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Button } from "../components/button.tsx";
import { Copy } from "../components/copy.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Form, FormError, FormRow, type FormValues, SelectField, TextField } from "../components/form.tsx";
import { SaveFoot } from "../components/form-foot.tsx";
import { Card } from "../components/page.tsx";
import { Note } from "../components/state.tsx";
import { RetentionSettings } from "../parts/retention.tsx";

type Application = components["schemas"]["ApplicationOut"];

export function ApplicationSettings({ application }: { readonly application: Application }) {
  return (
    <>
      <PortalAccess app={application.id} />
      <General application={application} />
      <RetentionSettings app={application.id} />
      <AllowedTargets app={application.id} />
      <DeleteApplication application={application} />
    </>
  );
}

function General({ application }: { readonly application: Application }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: ({ name = "", uid = "", rateLimit = "" }: FormValues) =>
      must(
        api.PATCH("/api/v1/app/{app_id}", {
          params: { path: { app_id: application.id } },
          body: {
            name,
            uid: uid.trim() === "" ? null : uid.trim(),
            rateLimit: rateLimit === "" ? null : Number(rateLimit),
          },
        }),
      ),
    onSuccess: async (saved) => {
      queries.setQueryData(["application", application.id], saved);
      await queries.invalidateQueries({ queryKey: ["applications"] });
    },
  });
  return (
    <Card title={t("applications.tabs.settings")}>
      <Form
        needs="applications:write"
        key={application.updatedAt}
        onSubmit={(values) => save.mutate(values)}
        error={save.error}
        foot={<SaveFoot save={save} />}
      >
        <TextField name="name" label={t("applications.name")} value={application.name} required />
        <FormRow>
          <TextField name="uid" label={t("applications.uid")} value={application.uid ?? ""} />
          <TextField
            name="rateLimit"
            type="number"
            min={0}
            label={t("endpoints.rate")}
            value={application.rateLimit === null ? "" : String(application.rateLimit)}
          />
        </FormRow>
      </Form>
    </Card>
  );
}

/** Creates a portal link for the customer. */
function PortalAccess({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const access = useMutation({
    mutationFn: ({ rights }: FormValues) =>
      must(
        api.POST("/api/v1/auth/app-portal-access/{app_id}", {
          params: { path: { app_id: app } },
          body: rights === "read" ? { readOnly: true } : {},
        }),
      ),
  });
  return (
    <Card needs="tokens:issue" title={t("portalAccess.title")} lead={t("portalAccess.lead")}>
      <Form
        onSubmit={(values) => access.mutate(values)}
        error={access.error}
        foot={
          <Button type="submit" disabled={access.isPending}>
            {t("portalAccess.create")}
          </Button>
        }
      >
        <SelectField
          name="rights"
          label={t("portalAccess.rights")}
          value="all"
          choices={[
            { value: "all", label: t("portalAccess.all") },
            { value: "read", label: t("portalAccess.read") },
          ]}
        />
      </Form>
      {access.data !== undefined && (
        <Note tone="good" action={<Copy text={access.data.url} label={t("portalAccess.copy")} />}>
          {t("portalAccess.created")}
        </Note>
      )}
    </Card>
  );
}

/** Rules for where deliveries of this application may go. */
function AllowedTargets({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const path = { app_id: app };
  const egress = useQuery({
    queryKey: ["egress", app],
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/egress", { params: { path } })),
  });
  const save = useMutation({
    mutationFn: async ({ allow = "" }: FormValues) => {
      await must(
        api.PUT("/api/v1/app/{app_id}/egress", {
          params: { path },
          body: { allow: allow.trim() === "" ? null : allow.trim() },
        }),
      );
      await queries.invalidateQueries({ queryKey: ["egress", app] });
    },
  });
  return (
    <Card title={t("allow.title")} lead={t("allow.lead")}>
      <FormError error={egress.error} />
      {egress.data !== undefined && <RefusedEgress egress={egress.data} />}
      <Form
        needs="settings:write"
        key={egress.dataUpdatedAt}
        onSubmit={(values) => save.mutate(values)}
        error={save.error}
        foot={<SaveFoot save={save} />}
      >
        <TextField
          name="allow"
          label={t("allow.words")}
          help={t("allow.help")}
          value={egress.data?.allow ?? ""}
          placeholder="external"
        />
      </Form>
    </Card>
  );
}

/** Lists stored rules that have no effect because the operator does not allow them for applications. */
function RefusedEgress({ egress }: { readonly egress: components["schemas"]["ApplicationEgress"] }) {
  const { t } = useTranslation();
  const { refusedWords, proxy } = egress;
  return (
    <>
      {refusedWords.length > 0 && <Note tone="warn">{t("allow.refused", { words: refusedWords.join(", ") })}</Note>}
      {proxy?.refused === true && <Note tone="bad">{t("allow.proxyRefused")}</Note>}
    </>
  );
}

function DeleteApplication({ application }: { readonly application: Application }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = async (): Promise<void> => {
    await must(api.DELETE("/api/v1/app/{app_id}", { params: { path: { app_id: application.id } } }));
    await queries.invalidateQueries({ queryKey: ["applications"] });
    await navigate({ to: "/applications" });
  };
  return (
    <Card
      needs="applications:write"
      title={t("applications.delete")}
      lead={t("applications.deleteText")}
      actions={
        <Confirm
          trigger={<Button kind="danger">{t("applications.delete")}</Button>}
          title={t("applications.deleteTitle", { name: application.name })}
          text={t("applications.deleteText")}
          action={t("actions.delete")}
          danger
          onConfirm={remove}
        />
      }
    >
      {null}
    </Card>
  );
}
