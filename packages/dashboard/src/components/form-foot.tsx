import { useTranslation } from "react-i18next";
import { Button } from "./button.tsx";

export interface SaveFootProps {
  /** The mutation that the form submits to. */
  readonly save: { readonly isSuccess: boolean; readonly isPending: boolean };
}

/** Foot of a form with a save button, and "Saved" after a successful save. */
export function SaveFoot({ save: { isSuccess, isPending } }: SaveFootProps) {
  const { t } = useTranslation();
  return (
    <>
      {isSuccess && <span role="status">{t("actions.saved")}</span>}
      <Button type="submit" kind="primary" disabled={isPending}>
        {t("actions.save")}
      </Button>
    </>
  );
}
