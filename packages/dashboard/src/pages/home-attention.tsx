import { Link } from "@tanstack/react-router";
import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Badge } from "../components/badge.tsx";
import { buttonClass } from "../components/button.tsx";
import { Card } from "../components/page.tsx";
import { Empty, Loading } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { formatNumber, formatPercent } from "../lib/format.ts";
import type { AttentionItem } from "../lib/attention.ts";
import { Url } from "../components/url.tsx";
import { useAudience } from "../session/audience.ts";
import styles from "./home.module.css";

/** List of items that need attention, most urgent first. `undefined` while loading. */
export function NeedsAttention({ items }: { readonly items: readonly AttentionItem[] | undefined }) {
  const { t } = useTranslation();
  return (
    <Card title={t("home.needsAttention")} actions={<Link to="/incidents">{t("home.byCause")}</Link>}>
      {items === undefined ? (
        <Loading lines={3} />
      ) : items.length === 0 ? (
        <Empty>{t("home.attentionNone")}</Empty>
      ) : (
        <ul className={styles["items"]}>
          {items.map((item) => (
            <ItemRow key={keyOf(item)} item={item} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function keyOf(item: AttentionItem): string {
  switch (item.kind) {
    case "disk":
      return "disk";
    case "endpoint":
      return `endpoint ${item.endpoint.endpointId}`;
    case "certificate":
      return `certificate ${item.certificate.endpointId}`;
    case "source":
      return item.source.sourceId;
  }
}

function ItemRow({ item }: { readonly item: AttentionItem }) {
  switch (item.kind) {
    case "disk":
      return <DiskItem item={item} />;
    case "endpoint":
      return <EndpointItem item={item} />;
    case "certificate":
      return <CertificateItem item={item} />;
    case "source":
      return <SourceItem item={item} />;
  }
}

type OfKind<Kind extends AttentionItem["kind"]> = { readonly item: Extract<AttentionItem, { readonly kind: Kind }> };

function EndpointItem({ item: { endpoint, tone } }: OfKind<"endpoint">) {
  const { t, i18n } = useTranslation();
  const { url, appName, failures, due, failingSince, disabledAt, successPercent } = endpoint;
  const facts: readonly ReactNode[] = [
    failingSince !== null && (
      <>
        {t("home.failures", { count: failures })}, {t("home.firstFailure")} <Time at={failingSince} relative />
      </>
    ),
    successPercent !== null && t("home.successOf", { value: formatPercent(i18n.language, successPercent, 1) }),
    due > 0 && t("home.pending", { count: due, value: formatNumber(i18n.language, due) }),
    disabledAt !== null && (
      <>
        {t("home.autoDisable")} <Time at={disabledAt} relative />
      </>
    ),
  ].filter((fact) => fact !== false);
  return (
    <ItemLine
      badge={<Badge tone={tone}>{t(`home.problems.${endpoint.problem}`)}</Badge>}
      url={url}
      of={appName}
      link={<ViewLink endpoint={endpoint} />}
    >
      {facts.map((fact, place) => (
        <Fragment key={place}>
          {place > 0 && " · "}
          {fact}
        </Fragment>
      ))}
    </ItemLine>
  );
}

function CertificateItem({ item: { certificate, tone } }: OfKind<"certificate">) {
  const { t } = useTranslation();
  const { url, appName, validTo } = certificate;
  return (
    <ItemLine
      badge={<Badge tone={tone}>{t("home.certificate")}</Badge>}
      url={url}
      of={appName}
      link={<ViewLink endpoint={certificate} />}
    >
      {t("home.certificateEnds")} <Time at={validTo} relative /> (<Time at={validTo} />)
    </ItemLine>
  );
}

function SourceItem({ item: { source, tone } }: OfKind<"source">) {
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
    <ItemLine badge={<Badge tone={tone}>{t("sources.activityStates.inactive")}</Badge>} name={name} link={link}>
      {t("home.inactiveSince")} <Time at={inactiveSince} />
    </ItemLine>
  );
}

function DiskItem({ item: { days, tone } }: OfKind<"disk">) {
  const { t } = useTranslation();
  const link = (
    <Link to="/settings" search={{ tab: "storage" }} className={buttonClass("plain", true)}>
      {t("storage.title")}
    </Link>
  );
  return (
    <ItemLine
      badge={<Badge tone={tone}>{t("storage.disk")}</Badge>}
      name={t("storage.full", { count: days })}
      link={link}
    />
  );
}

interface ViewLinkProps {
  readonly endpoint: { readonly appId: string; readonly endpointId: string; readonly url: string };
}

function ViewLink({ endpoint: { appId, endpointId, url } }: ViewLinkProps) {
  const { t } = useTranslation();
  const audience = useAudience();
  return (
    <Link
      {...audience.endpoint(appId, endpointId)}
      className={buttonClass("plain", true)}
      aria-label={t("home.viewOf", { url })}
    >
      {t("actions.view")}
    </Link>
  );
}

interface ItemLineProps {
  readonly badge: ReactNode;
  readonly name?: string;
  /** Shown instead of a name, shortened in the middle. */
  readonly url?: string;
  /** Name of the application. */
  readonly of?: string;
  readonly link: ReactNode;
  readonly children?: ReactNode;
}

function ItemLine({ badge, url = "", name, of, link, children }: ItemLineProps) {
  return (
    <li className={styles["item"]}>
      <p>
        {badge} <strong title={url}>{name ?? <Url url={url} />}</strong>{" "}
        {of !== undefined && <span className="muted">{of}</span>}
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
