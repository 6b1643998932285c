import { useTranslation } from "react-i18next";

export interface RequesterProps {
  /** As in the API: the ID of a user, an API key or the organisation, or an application and the session of its token. */
  readonly id: string;
  readonly name: string | null;
}

/** Who requested something, by name if it has one. The tooltip shows the ID. */
export function Requester({ id, name }: RequesterProps) {
  const { t } = useTranslation();
  const known = id.startsWith("org_") ? t("replays.byToken") : id.startsWith("app_") ? t("replays.byPortal") : id;
  return <span title={id}>{name ?? known}</span>;
}
