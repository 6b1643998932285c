import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import logo from "../assets/posthorn.svg";
import { Button } from "../components/button.tsx";
import { Form, TextField } from "../components/form.tsx";
import { sessionEnd, startSession } from "../session/session.ts";
import styles from "./sign-in.module.css";

export function SignIn() {
  const { t } = useTranslation();
  const signIn = useMutation({
    // The cheapest request that requires a token of an organisation.
    mutationFn: async (token: string) => {
      const request = api.GET("/api/v1/app", {
        params: { query: { limit: 1 } },
        headers: { authorization: `Bearer ${token}` },
      });
      await must(request);
      return token;
    },
    onSuccess: startSession,
  });
  return (
    <main className={styles["page"]}>
      <div className={styles["card"]}>
        <img src={logo} alt="" />
        <h1>{t("signIn.title")}</h1>
        {sessionEnd() === "expired" && (
          <p className={styles["bad"]} role="status">
            {t("signIn.expired")}
          </p>
        )}
        <p className={styles["muted"]}>{t("signIn.text")}</p>
        <Form
          onSubmit={({ token = "" }) => signIn.mutate(token.trim())}
          error={signIn.error}
          foot={
            <Button type="submit" kind="primary" disabled={signIn.isPending}>
              {t("signIn.submit")}
            </Button>
          }
        >
          <TextField name="token" label={t("signIn.token")} type="password" required autoFocus />
        </Form>
      </div>
    </main>
  );
}
