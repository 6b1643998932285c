import type { ReactNode } from "react";
import { useEffect } from "react";
import logo from "../assets/posthorn.svg";
import styles from "./sign-in.module.css";

/** Card in the middle of a page outside of the shell, for people who are not signed in. */
export function SignInCard({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Posthorn`;
  }, [title]);
  return (
    <main className={styles["page"]}>
      <div className={styles["card"]}>
        <img src={logo} alt="" />
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
