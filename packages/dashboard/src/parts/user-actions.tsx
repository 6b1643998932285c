/** Dialog with the actions on a user of the list. Each action except a change of role asks for confirmation. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Button } from "../components/button.tsx";
import { Confirm, Dialog } from "../components/dialog.tsx";
import { SaveFoot } from "../components/form-foot.tsx";
import { Form } from "../components/form.tsx";
import type { Role } from "../lib/role-text.ts";
import { type ApplicationRole, ApplicationRoles } from "./application-roles.tsx";
import { RoleField } from "./role-field.tsx";
import styles from "./account.module.css";

export interface NewLink {
  readonly email: string;
  readonly url: string;
  readonly expiresAt: string;
  readonly emailSent: boolean;
  /** Why no email was sent; `null`: it was, or the server sends none. */
  readonly emailProblem: string | null;
}

type User = components["schemas"]["UserOut"];

interface UserActionsProps {
  readonly user: User;
  readonly onLink: (link: NewLink) => void;
}

export function UserActions({ user, onLink }: UserActionsProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const { name, email } = user;
  const params = { path: { user_id: user.id } };
  const changed = (): Promise<void> => queries.invalidateQueries({ queryKey: ["users"] });
  const setDisabled = async (disabled: boolean): Promise<void> => {
    await must(api.PATCH("/api/v1/user/{user_id}", { params, body: { disabled } }));
    await changed();
  };
  const resetLink = async (): Promise<void> => {
    const created = await must(api.POST("/api/v1/user/{user_id}/reset-link", { params }));
    setOpen(false);
    onLink({ email, ...created });
  };
  const removeFactor = async (): Promise<void> => {
    await must(api.POST("/api/v1/user/{user_id}/remove-second-factor", { params }));
    await changed();
  };
  const endSessions = () => must(api.POST("/api/v1/user/{user_id}/end-sessions", { params }));
  const remove = async (): Promise<void> => {
    await must(api.DELETE("/api/v1/user/{user_id}", { params }));
    await changed();
  };
  const action = (label: string, kind: "plain" | "danger" = "plain") => (
    <Button small kind={kind}>
      {label}
    </Button>
  );
  return (
    <Dialog
      needs="people:manage"
      trigger={<Button small>{t("users.manage")}</Button>}
      title={`${name} (${email})`}
      open={open}
      onOpenChange={setOpen}
    >
      <ChangeRole user={user} onChanged={changed} />
      <div className={styles["actions"]}>
        <Confirm
          trigger={action(t("users.resetLink"))}
          title={t("users.resetTitle", { name })}
          text={t("users.resetText")}
          action={t("actions.create")}
          onConfirm={resetLink}
        />
        <Confirm
          trigger={action(t("users.endSessions"))}
          title={t("users.endSessionsTitle", { name })}
          text={t("users.endSessionsText")}
          action={t("users.endSessions")}
          danger
          onConfirm={endSessions}
        />
        {user.secondFactor && (
          <Confirm
            trigger={action(t("users.removeFactor"))}
            title={t("users.removeFactorTitle", { name })}
            text={t("users.removeFactorText")}
            action={t("users.removeFactor")}
            danger
            onConfirm={removeFactor}
          />
        )}
        <Confirm
          trigger={action(t(user.disabled ? "actions.enable" : "actions.disable"))}
          title={t(user.disabled ? "users.enableTitle" : "users.disableTitle", { name })}
          text={t(user.disabled ? "users.enableText" : "users.disableText")}
          action={t(user.disabled ? "actions.enable" : "actions.disable")}
          danger={!user.disabled}
          onConfirm={() => setDisabled(!user.disabled)}
        />
        <Confirm
          trigger={action(t("users.remove"), "danger")}
          title={t("users.removeTitle", { name })}
          text={t("users.removeText")}
          action={t("users.remove")}
          danger
          onConfirm={remove}
        />
      </div>
    </Dialog>
  );
}

function ChangeRole({ user, onChanged }: { readonly user: User; readonly onChanged: () => Promise<void> }) {
  const { t } = useTranslation();
  const [applicationRoles, setApplicationRoles] = useState<readonly ApplicationRole[]>(user.applicationRoles);
  const change = useMutation({
    mutationFn: (role: Role | null) =>
      must(
        api.PATCH("/api/v1/user/{user_id}", {
          params: { path: { user_id: user.id } },
          body: { role, applicationRoles: applicationRoles.filter(({ app }) => app !== "") },
        }),
      ),
    onSuccess: onChanged,
  });
  return (
    <Form
      onSubmit={({ role = "" }) => change.mutate(role === "" ? null : (role as Role))}
      error={change.error}
      foot={<SaveFoot save={change} />}
    >
      <RoleField value={user.role} optional />
      <ApplicationRoles roles={applicationRoles} onChange={setApplicationRoles} />
      <p className="muted">{t("users.changeHelp")}</p>
    </Form>
  );
}
