/** People of the organisation: roles, invitations, and help for those who are locked out. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Copyable } from "../components/copy.tsx";
import { Confirm } from "../components/dialog.tsx";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";
import { type FormValues, TextField } from "../components/form.tsx";
import { ListPage, ListSection, timeColumn } from "../components/list-page.tsx";
import { Note } from "../components/state.tsx";
import { Time, useTimeFormat } from "../components/time.tsx";
import { PickField } from "../components/pick-field.tsx";
import { useDialog } from "../components/use-dialog.ts";
import { APPLICATIONS } from "../lib/option-sources.ts";
import { usersSearch } from "../lib/page-search.ts";
import { ListFilters, withFilter } from "../parts/list-filters.tsx";
import { type Role, roleText } from "../lib/role-text.ts";
import { ApplicationName } from "../parts/application-name.tsx";
import { RoleField } from "../parts/role-field.tsx";
import { type NewLink, UserActions } from "../parts/user-actions.tsx";
import { useCaller } from "../session/use-caller.ts";
import { Views } from "../parts/views.tsx";

type User = components["schemas"]["UserOut"];

export function UsersPage() {
  const { t } = useTranslation();
  const caller = useCaller();
  const [link, setLink] = useState<NewLink | null>(null);
  const navigate = useNavigate({ from: "/users" });
  const filter = useSearch({ from: "/operator/users" });
  const { search, state, order = "ascending" } = filter;
  const query = {
    order,
    ...(search === undefined ? {} : { search }),
    ...(state === undefined ? {} : { disabled: state === "disabled" }),
  };
  const list = useList(["users", filter], (page) =>
    must(api.GET("/api/v1/user", { params: { query: { ...page, ...query } } })),
  );
  return (
    <ListPage
      title={t("users.title")}
      lead={t("users.lead")}
      actions={
        <>
          <Views list="users" filter={filter} />
          <Invite onLink={setLink} />
        </>
      }
      list={list}
      rowKey={(user) => user.id}
      empty={t(search === undefined && state === undefined ? "users.none" : "users.noMatch")}
      columns={[
        { key: "name", label: t("applications.name"), cell: (user) => <Name user={user} own={caller?.user?.id} /> },
        { key: "role", label: t("users.role"), cell: (user) => <Roles user={user} /> },
        {
          key: "state",
          label: t("users.state"),
          tight: true,
          cell: ({ disabled }) => (
            <Badge tone={disabled ? "neutral" : "good"}>{t(`users.states.${disabled ? "disabled" : "active"}`)}</Badge>
          ),
        },
        {
          key: "factor",
          label: t("users.secondFactor"),
          tight: true,
          wideOnly: true,
          cell: ({ secondFactor }) => (secondFactor ? "✓" : <span className="muted">–</span>),
        },
        {
          key: "seen",
          label: t("users.lastSignIn"),
          wideOnly: true,
          cell: ({ lastSignInAt }) => <Time at={lastSignInAt} relative />,
        },
        timeColumn(t("applications.created"), "createdAt", {
          order,
          onChange: (next) => void navigate({ search: usersSearch({ ...filter, order: next }), replace: true }),
        }),
        {
          key: "actions",
          label: t("users.actions"),
          tight: true,
          cell: (user) => <UserActions user={user} onLink={setLink} />,
        },
      ]}
    >
      {link !== null && <LinkNote link={link} />}
      <Invitations />
      <ListFilters
        search={{ label: t("users.search"), value: search }}
        choices={[
          {
            name: "state",
            label: t("users.state"),
            value: state,
            choices: [
              { value: "", label: t("users.anyState") },
              ...(["active", "disabled"] as const).map((value) => ({ value, label: t(`users.states.${value}`) })),
            ],
          },
        ]}
        onChange={(name, value) =>
          void navigate({ search: usersSearch(withFilter({ ...filter }, name, value)), replace: true })
        }
      />
    </ListPage>
  );
}

/** A link that was just created. It is shown only once. */
function LinkNote({ link }: { readonly link: NewLink }) {
  const { t } = useTranslation();
  const until = useTimeFormat({ dateStyle: "medium", timeStyle: "short" }).format(new Date(link.expiresAt));
  const isForAdministrator = !link.emailSent;
  return (
    <Note tone={link.emailProblem === null ? "good" : "warn"}>
      {link.emailProblem !== null && `${t("users.notSent", { problem: link.emailProblem })} `}
      {t(isForAdministrator ? "users.link" : "users.linkSent", { email: link.email, until })}
      <br />
      <Copyable text={link.url} />
    </Note>
  );
}

function Name({ user, own }: { readonly user: User; readonly own: string | undefined }) {
  const { t } = useTranslation();
  return (
    <>
      <strong>{user.name}</strong>
      {user.id === own && <span className="muted"> ({t("users.you")})</span>}
      <br />
      <span className="muted">{user.email}</span>
    </>
  );
}

/** The role in the organisation, and those in single applications. */
function Roles({ user: { role, applicationRoles } }: { readonly user: User }) {
  const { t } = useTranslation();
  return (
    <>
      {role !== null && roleText(t, role)}
      {applicationRoles.slice(0, MAX_ROLES).map((own) => (
        <div key={own.app} className="muted">
          <ApplicationName app={own.app} />: {roleText(t, own.role)}
        </div>
      ))}
      {applicationRoles.length > MAX_ROLES && (
        <div className="muted">{t("users.inApplications", { count: applicationRoles.length })}</div>
      )}
    </>
  );
}

/** Roles in applications that a row of the list names. */
const MAX_ROLES = 3;

function Invite({ onLink }: { readonly onLink: (link: NewLink) => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useDialog("invite");
  const [app, setApp] = useState("");
  const invite = useMutation({
    mutationFn: ({ email = "", role = "developer" }: FormValues) =>
      must(api.POST("/api/v1/invitation", { body: { email, role: role as Role, app: app === "" ? null : app } })),
    onSuccess: async (created) => {
      setOpen(false);
      onLink(created);
      await queries.invalidateQueries({ queryKey: ["invitations"] });
    },
  });
  return (
    <FormDialog
      needs="people:manage"
      trigger={<AddButton>{t("users.invite")}</AddButton>}
      title={t("users.invite")}
      open={open}
      onOpenChange={setOpen}
      submit={t("actions.create")}
      onSubmit={(values) => invite.mutate(values)}
      error={invite.error}
      busy={invite.isPending}
    >
      <TextField name="email" label={t("users.email")} type="email" help={t("users.inviteText")} required autoFocus />
      <PickField
        source={APPLICATIONS}
        label={t("users.scope")}
        placeholder={t("users.wholeOrganisation")}
        value={app}
        onChange={setApp}
      />
      <RoleField key={app === "" ? "organisation" : "application"} value="developer" inApplication={app !== ""} />
    </FormDialog>
  );
}

function Invitations() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const list = useList(["invitations"], () => must(api.GET("/api/v1/invitation")));
  const withdraw = async (id: string): Promise<void> => {
    await must(api.DELETE("/api/v1/invitation/{invitation_id}", { params: { path: { invitation_id: id } } }));
    await queries.invalidateQueries({ queryKey: ["invitations"] });
  };
  if (list.rows.length === 0) return null;
  return (
    <ListSection
      title={t("users.invitations")}
      lead={t("users.invitationsLead")}
      list={list}
      rowKey={({ id }) => id}
      empty={t("users.none")}
      columns={[
        { key: "email", label: t("users.email"), cell: ({ email }) => <strong>{email}</strong> },
        {
          key: "role",
          label: t("users.role"),
          cell: ({ role, app }) => (
            <>
              {roleText(t, role)}
              {app !== null && (
                <>
                  <br />
                  <span className="muted">
                    <ApplicationName app={app} />
                  </span>
                </>
              )}
            </>
          ),
        },
        {
          key: "by",
          label: t("users.invitedBy"),
          wideOnly: true,
          cell: ({ createdBy }) => (createdBy === "" ? t("users.byToken") : createdBy),
        },
        { key: "expires", label: t("users.expires"), wideOnly: true, cell: ({ expiresAt }) => <Time at={expiresAt} /> },
        {
          key: "withdraw",
          label: "",
          tight: true,
          cell: ({ id, email }) => (
            <Confirm
              needs="people:manage"
              trigger={
                <Button small kind="danger">
                  {t("users.withdraw")}
                </Button>
              }
              title={t("users.withdrawTitle", { email })}
              text={t("users.withdrawText")}
              action={t("users.withdraw")}
              danger
              onConfirm={() => withdraw(id)}
            />
          ),
        },
      ]}
    />
  );
}
