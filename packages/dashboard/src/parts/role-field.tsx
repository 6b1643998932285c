import { useState } from "react";
import { useTranslation } from "react-i18next";
import { SelectField } from "../components/form.tsx";
import { type Role, ROLES, roleText } from "../lib/role-text.ts";

export interface RoleFieldProps {
  /** `null`: no role. */
  readonly value: Role | null;
  /** Whether "no role in the organisation" is a choice. */
  readonly optional?: boolean;
  /** Whether to leave out `owner`, which exists only for the whole organisation. */
  readonly inApplication?: boolean;
}

/** Choice of a role, with what it allows. The form value is empty for no role. */
export function RoleField({ value, optional = false, inApplication = false }: RoleFieldProps) {
  const { t } = useTranslation();
  const [role, setRole] = useState<string>(value ?? "");
  const shown = ROLES.find((name) => name === role);
  return (
    <SelectField
      name="role"
      label={t("users.role")}
      value={role}
      onChange={setRole}
      help={shown === undefined ? t("users.noRoleHelp") : t(`users.roleHelp.${shown}`)}
      choices={[
        ...(optional ? [{ value: "", label: t("users.noRole") }] : []),
        ...rolesFor(inApplication).map((name) => ({ value: name, label: roleText(t, name) })),
      ]}
    />
  );
}

/** The roles that can be given: in an organisation, or in one application. */
export function rolesFor(inApplication: boolean): readonly Role[] {
  return inApplication ? ROLES.filter((name) => name !== "owner") : ROLES;
}
