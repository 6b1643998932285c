import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import logo from "../assets/posthorn.svg";
import styles from "./shell.module.css";

export function Brand() {
  const { t } = useTranslation();
  return (
    <Link to="/" className={styles["brand"]}>
      <img src={logo} alt="" />
      {t("app.name")}
    </Link>
  );
}
