import { useTranslation } from "react-i18next";
import { SelectField } from "../components/form.tsx";
import { switchOrganisation } from "../session/organisation.ts";

export interface OrganisationSelectProps {
  readonly organisations: readonly { readonly id: string; readonly name: string; readonly current: boolean }[];
}

/** Chooses one of several organisations. */
export function OrganisationSelect({ organisations }: OrganisationSelectProps) {
  const { t } = useTranslation();
  return (
    <SelectField
      bare
      label={t("organisations.switch")}
      value={organisations.find(({ current }) => current)?.id ?? ""}
      onChange={(id) => void switchOrganisation(id)}
      choices={organisations.map(({ id, name }) => ({ value: id, label: name === "" ? id : name }))}
    />
  );
}
