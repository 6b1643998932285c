import { useTranslation } from "react-i18next";
import { SelectField } from "../components/form.tsx";
import { GRACE, type Grace } from "../lib/grace.ts";

/** How long an earlier token or secret stays valid. */
export function GraceField({ label }: { readonly label: string }) {
  const { t } = useTranslation();
  return (
    <SelectField
      name="grace"
      label={label}
      value="day"
      choices={(Object.keys(GRACE) as Grace[]).map((value) => ({ value, label: t(`endpoints.graces.${value}`) }))}
    />
  );
}
