import { useTranslation } from "react-i18next";
import { Facts } from "../components/page.tsx";
import { formatNumber } from "../lib/format.ts";
import { type Skipped, skippedReasons } from "../lib/left-out.ts";

/** Number of messages that a replay leaves out, by reason. */
export function LeftOut({ skipped }: { readonly skipped: readonly Skipped[] }) {
  const { t, i18n } = useTranslation();
  const reasons = skippedReasons(skipped);
  if (reasons.length === 0) return <p className="muted">{t("replays.noneLeftOut")}</p>;
  return (
    <section aria-label={t("replays.leftOut")}>
      <p className="muted">{t("replays.leftOut")}</p>
      <Facts
        facts={reasons.map(
          ([reason, count]) => [t(`replays.reasons.${reason}`), formatNumber(i18n.language, count)] as const,
        )}
      />
    </section>
  );
}
