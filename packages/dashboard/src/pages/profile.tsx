/** The user who is signed in: account, password, second factor, sessions. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Form, FormRow, type FormValues, SelectField, TextField } from "../components/form.tsx";
import { SaveFoot } from "../components/form-foot.tsx";
import { ListSection } from "../components/list-page.tsx";
import { Card, Columns, Page } from "../components/page.tsx";
import { Failed, Loading, Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { followProfile, languageName, LANGUAGES } from "../i18n/i18n.ts";
import { NewPasswordField } from "../parts/new-account.tsx";
import { Identities } from "../parts/identities.tsx";
import { Passkeys } from "../parts/passkeys.tsx";
import { SecondFactor } from "../parts/second-factor.tsx";
import { signOut } from "../session/session.ts";
import { useCaller } from "../session/use-caller.ts";

type Profile = components["schemas"]["ProfileOut"];

export function ProfilePage() {
  const { t } = useTranslation();
  const caller = useCaller();
  const isUser = caller?.kind === "user";
  const profile = useQuery({
    queryKey: ["profile"],
    queryFn: () => must(api.GET("/api/v1/profile")),
    enabled: isUser,
  });
  return (
    <Page title={t("profile.title")} lead={t("profile.lead")}>
      {caller !== undefined && !isUser && <Note>{t("profile.noUser")}</Note>}
      {profile.error !== null && <Failed error={profile.error} retry={() => void profile.refetch()} />}
      {profile.isLoading && <Loading />}
      {profile.data !== undefined && (
        <>
          <Columns>
            <Account key={profile.data.id} profile={profile.data} />
            <Password />
            <SecondFactor profile={profile.data} />
          </Columns>
          <Passkeys />
          <Identities email={profile.data.email} />
          <Sessions />
        </>
      )}
    </Page>
  );
}

function Account({ profile }: { readonly profile: Profile }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: ({ name = "", email = "", currentPassword = "", locale = "" }: FormValues) =>
      must(
        api.PATCH("/api/v1/profile", {
          body: { name, email, currentPassword, locale: locale === "" ? null : locale },
        }),
      ),
    onSuccess: async ({ locale }) => {
      await queries.invalidateQueries({ queryKey: ["profile"] });
      await queries.invalidateQueries({ queryKey: ["caller"] });
      if (locale !== profile.locale) await followProfile(locale);
    },
  });
  return (
    <Card title={t("profile.account")}>
      <Form onSubmit={(values) => save.mutate(values)} error={save.error} foot={<SaveFoot save={save} />}>
        <TextField name="name" label={t("signIn.name")} value={profile.name} autoComplete="name" required />
        <TextField
          name="email"
          label={t("users.email")}
          type="email"
          value={profile.email}
          autoComplete="email"
          help={t("profile.emailHelp")}
          required
        />
        <FormRow>
          <TextField
            name="currentPassword"
            label={t("profile.currentPassword")}
            type="password"
            autoComplete="current-password"
          />
          <SelectField
            name="locale"
            label={t("profile.language")}
            value={profile.locale ?? ""}
            choices={[
              { value: "", label: t("profile.browserLanguage") },
              ...LANGUAGES.map((value) => ({ value, label: languageName(value) })),
            ]}
          />
        </FormRow>
      </Form>
    </Card>
  );
}

function Password() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  // A new form after each change, with empty fields.
  const [changes, setChanges] = useState(0);
  const change = useMutation({
    mutationFn: ({ currentPassword = "", newPassword = "" }: FormValues) =>
      must(api.POST("/api/v1/profile/password", { body: { currentPassword, newPassword } })),
    onSuccess: async () => {
      setChanges((count) => count + 1);
      await queries.invalidateQueries({ queryKey: ["sessions"] });
    },
  });
  return (
    <Card title={t("profile.password")} lead={t("profile.passwordLead")}>
      {change.isSuccess && <Note tone="good">{t("profile.changed")}</Note>}
      <Form
        key={changes}
        onSubmit={(values) => change.mutate(values)}
        error={change.error}
        foot={
          <Button type="submit" kind="primary" disabled={change.isPending}>
            {t("profile.changePassword")}
          </Button>
        }
      >
        <TextField
          name="currentPassword"
          label={t("profile.currentPassword")}
          type="password"
          autoComplete="current-password"
          required
        />
        <NewPasswordField name="newPassword" />
      </Form>
    </Card>
  );
}

function Sessions() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const list = useList(["sessions"], () => must(api.GET("/api/v1/session")));
  const end = async (id: string): Promise<void> => {
    await must(api.DELETE("/api/v1/session/{session_id}", { params: { path: { session_id: id } } }));
    await queries.invalidateQueries({ queryKey: ["sessions"] });
  };
  return (
    <ListSection
      title={t("profile.sessions")}
      lead={t("profile.sessionsLead")}
      actions={
        <Confirm
          trigger={<Button kind="danger">{t("profile.signOutEverywhere")}</Button>}
          title={t("profile.signOutTitle")}
          text={t("profile.signOutText")}
          action={t("profile.signOutEverywhere")}
          danger
          onConfirm={() => signOut(true)}
        />
      }
      list={list}
      rowKey={({ id }) => id}
      empty=""
      columns={[
        {
          key: "device",
          label: t("profile.device"),
          cell: ({ kind, current, userAgent }) => (
            <>
              {current ? (
                <Badge tone="good">{t("profile.current")}</Badge>
              ) : (
                <strong>{t(`profile.kinds.${kind}`)}</strong>
              )}
              <br />
              <span className="muted">{userAgent}</span>
            </>
          ),
        },
        { key: "ip", label: t("profile.address"), tight: true, wideOnly: true, cell: ({ ip }) => <code>{ip}</code> },
        {
          key: "used",
          label: t("profile.lastUsed"),
          tight: true,
          cell: ({ lastUsedAt }) => <Time at={lastUsedAt} relative />,
        },
        {
          key: "end",
          label: "",
          tight: true,
          cell: ({ id, current }) =>
            current ? null : (
              <Confirm
                trigger={
                  <Button small kind="danger">
                    {t("profile.end")}
                  </Button>
                }
                title={t("profile.endTitle")}
                text={t("profile.endText")}
                action={t("profile.end")}
                danger
                onConfirm={() => end(id)}
              />
            ),
        },
      ]}
    />
  );
}
