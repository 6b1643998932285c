import { useTranslation } from "react-i18next";
import { Badge } from "../components/badge.tsx";

const TONES = { active: "good", disabled: "bad", pending: "neutral", failed: "bad" } as const;

/** State of a subscription, or of a request for one. */
export function SubscriptionState({ state }: { readonly state: keyof typeof TONES }) {
  const { t } = useTranslation();
  return <Badge tone={TONES[state]}>{t(`subscriptions.states.${state}`)}</Badge>;
}
