import { useTranslation } from "react-i18next";
import { statusName, toneOf } from "../lib/status.ts";
import { Badge } from "./badge.tsx";

/** Badge with the status of a delivery or an attempt. */
export function Status({ status }: { readonly status: number }) {
  const { t } = useTranslation();
  return <Badge tone={toneOf(status)}>{t(`status.${statusName(status)}`)}</Badge>;
}
