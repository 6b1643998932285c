/** Layout of a page: breadcrumb, title, actions, cards and sections. */
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { isPortal } from "../lib/base.ts";
import { useLook } from "../portal/use-look.ts";
import { Allowed, type Needs } from "./allowed.tsx";
import { Copy } from "./copy.tsx";
import styles from "./page.module.css";
import { Url } from "./url.tsx";

export interface PageProps {
  readonly title: string;
  /** The full URL if the title is a shortened one, for the tooltip and the copy button. */
  readonly fullUrl?: string;
  /** Badge next to the title, such as a status. */
  readonly badge?: ReactNode;
  /** Purpose of the page in a sentence. */
  readonly lead?: ReactNode;
  readonly crumbs?: readonly ReactNode[];
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function Page({ title, fullUrl, badge, lead, crumbs, actions, children }: PageProps) {
  const { t } = useTranslation();
  // Customers see the name of the operator's product, if one is set, and never that of Posthorn.
  const { name = isPortal() ? null : "Posthorn" } = useLook();
  useEffect(() => {
    document.title = name === null ? title : `${title} · ${name}`;
  }, [title, name]);
  return (
    <div className={styles["page"]}>
      <header className={styles["top"]}>
        {crumbs !== undefined && crumbs.length > 0 && (
          <nav className={styles["crumbs"]} aria-label={t("app.crumbs")}>
            <ol>
              {crumbs.map((crumb, place) => (
                <li key={place}>{crumb}</li>
              ))}
            </ol>
          </nav>
        )}
        <div className={styles["head"]}>
          <div className={styles["title"]}>
            <div className={styles["name"]}>
              <h1 title={fullUrl ?? title}>{fullUrl === undefined ? title : <Url url={fullUrl} />}</h1>
              {fullUrl !== undefined && fullUrl !== title && <Copy text={fullUrl} />}
              {badge}
            </div>
            {lead !== undefined && <div className={styles["lead"]}>{lead}</div>}
          </div>
          {actions !== undefined && (
            <div className={styles["actions"]} data-actions>
              {actions}
            </div>
          )}
        </div>
      </header>
      {children}
    </div>
  );
}

export interface CardProps extends Needs {
  readonly title?: string;
  readonly lead?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** Card. Hidden from callers without the permission that it needs. */
export function Card({ needs, needsIn, ...props }: CardProps) {
  if (needs === undefined) return <PlainCard {...props} />;
  return (
    <Allowed to={needs} app={needsIn}>
      <PlainCard {...props} />
    </Allowed>
  );
}

function PlainCard({ title, lead, actions, children }: Omit<CardProps, keyof Needs>) {
  return (
    <section className={styles["card"]} aria-label={title}>
      {title !== undefined && (
        <div className={styles["cardHead"]} data-actions>
          <h2>{title}</h2>
          {actions}
        </div>
      )}
      {lead !== undefined && <p className={styles["lead"]}>{lead}</p>}
      {children}
    </section>
  );
}

/** Section of a page with a heading and without a frame, such as around a table. */
export function Section({ title, actions, children }: Omit<CardProps, keyof Needs>) {
  return (
    <section className={styles["section"]} aria-label={title}>
      {title !== undefined && (
        <div className={styles["cardHead"]}>
          <h2>{title}</h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}

/** Cards in columns, where there is room. */
export function Columns({ children }: { readonly children: ReactNode }) {
  return <div className={styles["grid"]}>{children}</div>;
}

/** Cards stacked in one column. */
export function Stack({ children }: { readonly children: ReactNode }) {
  return <div className={styles["stack"]}>{children}</div>;
}

export function Facts({ facts }: { readonly facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={styles["facts"]}>
      {facts.map(([name, value]) => (
        <Fact key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
