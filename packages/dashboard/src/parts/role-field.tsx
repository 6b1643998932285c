import { useState } from "react";
import { useTranslation } from "react-i18next";
import { SelectField } from "../components/form.tsx";
import { type Role, ROLES, roleText } from "../lib/role-text.ts";

/** Choice of a role, with what it allows. */
export function RoleField({ value }: { readonly value: Role }) {
  const { t } = useTranslation();
  const [role, setRole] = useState<string>(value);
  const shown = ROLES.find((name) => name === role) ?? value;
  return (
    <SelectField
      name="role"
      label={t("users.role")}
      value={role}
      onChange={setRole}
      help={t(`users.roleHelp.${shown}`)}
      choices={ROLES.map((name) => ({ value: name, label: roleText(t, name) }))}
    />
  );
}
