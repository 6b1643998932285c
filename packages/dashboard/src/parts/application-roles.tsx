import { Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { components } from "../api/schema.ts";
import { IconButton } from "../components/button.tsx";
import { AddButton } from "../components/form-dialog.tsx";
import { SelectField } from "../components/form.tsx";
import { PickField } from "../components/pick-field.tsx";
import { APPLICATIONS } from "../lib/option-sources.ts";
import { type Role, roleText } from "../lib/role-text.ts";
import styles from "./account.module.css";
import { rolesFor } from "./role-field.tsx";

export type ApplicationRole = components["schemas"]["UserOut"]["applicationRoles"][number];

export interface ApplicationRolesProps {
  readonly roles: readonly ApplicationRole[];
  readonly onChange: (roles: readonly ApplicationRole[]) => void;
}

/** Editor of the roles of a user in single applications. */
export function ApplicationRoles({ roles, onChange }: ApplicationRolesProps) {
  const { t } = useTranslation();
  const replace = (index: number, changed: Partial<ApplicationRole>): void =>
    onChange(roles.map((role, at) => (at === index ? { ...role, ...changed } : role)));
  return (
    <fieldset className={styles["roles"]}>
      <legend>{t("users.applicationRoles")}</legend>
      {roles.map(({ app, role }, index) => (
        <div key={index} className={styles["role"]}>
          <PickField
            bare
            source={APPLICATIONS}
            label={t("applications.one")}
            placeholder={t("users.chooseApplication")}
            value={app}
            onChange={(chosen) => !roles.some((one) => one.app === chosen) && replace(index, { app: chosen })}
          />
          <SelectField
            bare
            label={t("users.role")}
            value={role}
            onChange={(chosen) => replace(index, { role: chosen as Role })}
            choices={rolesFor(true).map((name) => ({ value: name, label: roleText(t, name) }))}
          />
          <IconButton
            label={t("users.removeApplication")}
            onClick={() => onChange(roles.filter((_, at) => at !== index))}
          >
            <Trash2 aria-hidden />
          </IconButton>
        </div>
      ))}
      <AddButton
        kind="plain"
        small
        disabled={roles.some(({ app }) => app === "")}
        onClick={() => onChange([...roles, { app: "", role: "developer" }])}
      >
        {t("users.addApplication")}
      </AddButton>
      <p className="muted">{t("users.applicationRolesHelp")}</p>
    </fieldset>
  );
}
