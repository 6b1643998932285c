import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Badge } from "../components/badge.tsx";
import { buttonClass } from "../components/button.tsx";
import { Card } from "../components/page.tsx";
import { Empty, Loading } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { formatNumber } from "../lib/format.ts";
import type { Need } from "../lib/needs.ts";
import { shortUrl } from "../lib/short-url.ts";
import { useFace } from "../session/face.ts";
import styles from "./home.module.css";

/** What somebody should look at, worst first. `undefined`: it is not known yet. */
export function NeedsYou({ needs }: { readonly needs: readonly Need[] | undefined }) {
  const { t } = useTranslation();
  return (
    <Card title={t("home.needsAttention")} actions={<Link to="/issues">{t("home.byCause")}</Link>}>
      {needs === undefined ? (
        <Loading lines={3} />
      ) : needs.length === 0 ? (
        <Empty>{t("home.attentionNone")}</Empty>
      ) : (
        <ul className={styles["needs"]}>
          {needs.map((need) => (
            <NeedOf key={keyOf(need)} need={need} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function keyOf(need: Need): string {
  switch (need.kind) {
    case "disk":
      return "disk";
    case "endpoint":
      return `endpoint ${need.trouble.endpointId}`;
    case "certificate":
      return `certificate ${need.certificate.endpointId}`;
    case "source":
      return need.source.sourceId;
  }
}

function NeedOf({ need }: { readonly need: Need }) {
  switch (need.kind) {
    case "disk":
      return <DiskNeed need={need} />;
    case "endpoint":
      return <EndpointNeed need={need} />;
    case "certificate":
      return <CertificateNeed need={need} />;
    case "source":
      return <InactiveNeed need={need} />;
  }
}

type OfKind<Kind extends Need["kind"]> = { readonly need: Extract<Need, { readonly kind: Kind }> };

function EndpointNeed({ need: { trouble, tone } }: OfKind<"endpoint">) {
  const { t, i18n } = useTranslation();
  const { url, appName, failures, due, failingSince, disabledAt } = trouble;
  return (
    <Line
      badge={<Badge tone={tone}>{t(`home.troubles.${trouble.trouble}`)}</Badge>}
      url={url}
      of={appName}
      link={<LookAt endpoint={trouble} />}
    >
      {failingSince !== null && (
        <>
          {t("home.failures", { count: failures })}, {t("home.firstFailure")} <Time at={failingSince} relative />
          {" · "}
        </>
      )}
      {t("home.pending", { count: due, value: formatNumber(i18n.language, due) })}
      {disabledAt !== null && (
        <>
          {" · "}
          {t("home.autoDisable")} <Time at={disabledAt} relative />
        </>
      )}
    </Line>
  );
}

function CertificateNeed({ need: { certificate, tone } }: OfKind<"certificate">) {
  const { t } = useTranslation();
  const { url, appName, validTo } = certificate;
  return (
    <Line
      badge={<Badge tone={tone}>{t("home.certificate")}</Badge>}
      url={url}
      of={appName}
      link={<LookAt endpoint={certificate} />}
    >
      {t("home.certificateEnds")} <Time at={validTo} relative /> (<Time at={validTo} />)
    </Line>
  );
}

function InactiveNeed({ need: { source, tone } }: OfKind<"source">) {
  const { t } = useTranslation();
  const { sourceId, name, inactiveSince } = source;
  const link = (
    <Link
      to="/sources/$source"
      params={{ source: sourceId }}
      className={buttonClass("plain", true)}
      aria-label={t("home.viewOf", { url: name })}
    >
      {t("actions.view")}
    </Link>
  );
  return (
    <Line badge={<Badge tone={tone}>{t("sources.activityStates.inactive")}</Badge>} name={name} link={link}>
      {t("home.inactiveSince")} <Time at={inactiveSince} />
    </Line>
  );
}

function DiskNeed({ need: { days, tone } }: OfKind<"disk">) {
  const { t } = useTranslation();
  const link = (
    <Link to="/settings" search={{ tab: "storage" }} className={buttonClass("plain", true)}>
      {t("settings.tabs.storage")}
    </Link>
  );
  return (
    <Line
      badge={<Badge tone={tone}>{t("storage.disk")}</Badge>}
      name={t("storage.full", { count: days })}
      link={link}
    />
  );
}

interface LookAtProps {
  readonly endpoint: { readonly appId: string; readonly endpointId: string; readonly url: string };
}

function LookAt({ endpoint: { appId, endpointId, url } }: LookAtProps) {
  const { t } = useTranslation();
  const face = useFace();
  return (
    <Link
      {...face.endpoint(appId, endpointId)}
      className={buttonClass("plain", true)}
      aria-label={t("home.viewOf", { url })}
    >
      {t("actions.view")}
    </Link>
  );
}

interface LineProps {
  readonly badge: ReactNode;
  readonly name?: string;
  /** In place of a name; shown without its middle when it is long. */
  readonly url?: string;
  /** Whose it is. */
  readonly of?: string;
  readonly link: ReactNode;
  readonly children?: ReactNode;
}

function Line({ badge, url, name = shortUrl(url ?? ""), of, link, children }: LineProps) {
  return (
    <li className={styles["need"]}>
      <p>
        {badge} <strong title={url}>{name}</strong> {of !== undefined && <span className="muted">{of}</span>}
        {children !== undefined && (
          <>
            <br />
            <span className="muted">{children}</span>
          </>
        )}
      </p>
      {link}
    </li>
  );
}
