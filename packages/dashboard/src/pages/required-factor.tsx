/** Shown instead of all pages to users whose organisation requires a second factor, until their session has one. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Page } from "../components/page.tsx";
import { Loading, Note } from "../components/state.tsx";
import { Passkeys } from "../parts/passkeys.tsx";
import { SecondFactor } from "../parts/second-factor.tsx";
import { signOut } from "../session/session.ts";
import type { Caller } from "../lib/caller.ts";
import styles from "./sign-in.module.css";

/** @param onDone Called when the session has a second factor. */
export function RequiredFactor({ onDone }: { readonly onDone: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const profile = useQuery({ queryKey: ["profile"], queryFn: () => must(api.GET("/api/v1/profile")) });
  const check = useMutation({
    mutationFn: async (): Promise<Caller> => {
      const caller = await must(api.GET("/api/v1/session/current"));
      queries.setQueryData(["caller"], caller);
      return caller;
    },
    onSuccess: ({ secondFactorRequired }) => {
      if (!secondFactorRequired) onDone();
    },
  });
  useEffect(() => {
    document.title = `${t("organisations.setUpFactor")} · Posthorn`;
  }, [t]);
  return (
    <main className={styles["wide"]}>
      <Page
        title={t("organisations.setUpFactor")}
        lead={t("organisations.setUpFactorText")}
        actions={
          <>
            <Button onClick={() => void signOut()}>{t("app.signOut")}</Button>
            <Button kind="primary" onClick={() => check.mutate()} disabled={check.isPending}>
              {t("organisations.continue")}
            </Button>
          </>
        }
      >
        {check.data?.secondFactorRequired === true && <Note tone="warn">{t("organisations.stillMissing")}</Note>}
        {profile.data === undefined ? <Loading /> : <SecondFactor profile={profile.data} />}
        <Passkeys />
      </Page>
    </main>
  );
}
