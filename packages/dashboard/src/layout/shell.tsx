import { Link, Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import logo from "../assets/posthorn.svg";
import { Button } from "../components/button.tsx";
import { endSession } from "../session/session.ts";
import styles from "./shell.module.css";
import { ThemeChoice } from "./theme-choice.tsx";

/** The dashboard around its pages. */
export function Shell() {
  const { t } = useTranslation();
  return (
    <div className={styles["shell"]}>
      <a className={styles["skip"]} href="#main">
        {t("app.skip")}
      </a>
      <aside className={styles["side"]}>
        <Link to="/" className={styles["brand"]}>
          <img src={logo} alt="" />
          {t("app.name")}
        </Link>
        <nav className={styles["nav"]} aria-label={t("app.menu")}>
          <Link to="/" className={styles["link"]} activeOptions={{ exact: true }}>
            {t("nav.home")}
          </Link>
          <Link to="/applications" className={styles["link"]}>
            {t("nav.applications")}
          </Link>
          <Link to="/event-types" className={styles["link"]}>
            {t("nav.eventTypes")}
          </Link>
          <Link to="/tasks" className={styles["link"]}>
            {t("nav.tasks")}
          </Link>
          <a href="/docs/api" className={styles["link"]}>
            {t("nav.api")}
          </a>
        </nav>
        <div className={styles["foot"]}>
          <ThemeChoice />
          <Button onClick={() => endSession("signed_out")}>{t("app.signOut")}</Button>
        </div>
      </aside>
      <main id="main" className={styles["main"]} tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}
