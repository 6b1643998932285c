import { useTranslation } from "react-i18next";
import { type DeliveryCounts, outcomeOf } from "../lib/status.ts";
import { Badge } from "./badge.tsx";

/** Badge with the status of a message over all endpoints, such as "3/4 Failed". */
export function OutcomeBadge({ counts }: { readonly counts: DeliveryCounts }) {
  const { t } = useTranslation();
  const { word, tone, done, total } = outcomeOf(counts);
  return (
    <Badge tone={tone}>
      {total > 1 && <span className="numeric">{`${done}/${total}`}</span>}
      {t(`deliveries.states.${word}`)}
    </Badge>
  );
}
