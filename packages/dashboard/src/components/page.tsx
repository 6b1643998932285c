/** The frame of a page: where it stands, its name, what can be done, and what it says. */
import { type ReactNode, useEffect } from "react";
import styles from "./page.module.css";

export interface PageProps {
  readonly title: string;
  readonly crumbs?: readonly ReactNode[];
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function Page({ title, crumbs, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Posthorn`;
  }, [title]);
  return (
    <div className={styles["page"]}>
      <header className={styles["head"]}>
        <div className={styles["title"]}>
          {crumbs !== undefined && (
            <nav className={styles["crumbs"]} aria-label="Breadcrumb">
              {crumbs.map((crumb, place) => (
                <span key={place}>{crumb} /</span>
              ))}
            </nav>
          )}
          <h1>{title}</h1>
        </div>
        {actions !== undefined && <div className={styles["actions"]}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function Card({
  title,
  actions,
  children,
}: {
  readonly title?: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <section className={styles["card"]} aria-label={title}>
      {title !== undefined && (
        <div className={styles["head"]}>
          <h2 className={styles["title"]}>{title}</h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  );
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
