import { useTranslation } from "react-i18next";
import { statusName, toneOf } from "../lib/status.ts";
import { Badge } from "./badge.tsx";

/** Where a delivery or an attempt stands. */
export function Status({ status }: { readonly status: number }) {
  const { t } = useTranslation();
  return <Badge tone={toneOf(status)}>{t(`status.${statusName(status)}`)}</Badge>;
}
