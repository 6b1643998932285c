import { useTranslation } from "react-i18next";
import { SelectField } from "../components/form.tsx";
import { type Life, LIVES } from "../lib/subscriptions.ts";

/** Choice of when a new token expires, with the name `life`. {@link LIVES} has the seconds of its values. */
export function LifeField() {
  const { t } = useTranslation();
  return (
    <SelectField
      name="life"
      label={t("subscriptions.expires")}
      value="never"
      choices={(Object.keys(LIVES) as Life[]).map((value) => ({ value, label: t(`subscriptions.lives.${value}`) }))}
    />
  );
}
