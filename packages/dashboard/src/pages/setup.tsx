import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Form, type FormValues, TextField } from "../components/form.tsx";
import { Note } from "../components/state.tsx";
import { AccountFields, useSignedIn } from "../parts/new-account.tsx";
import { useLinkCode } from "../session/link-code.ts";
import { SignInCard } from "./sign-in-card.tsx";

/** Creates the first user of a server, through the link in its log. */
export function SetupPage() {
  const { t } = useTranslation();
  const code = useLinkCode("setup");
  const { signedIn } = useSignedIn("setup");
  const create = useMutation({
    mutationFn: ({ email = "", name = "", password = "" }: FormValues) =>
      must(api.POST("/api/v1/sign-in/set-up", { body: { code: code ?? "", email, name, password } })),
    onSuccess: signedIn,
  });
  return (
    <SignInCard title={t("setUp.title")}>
      {code === null ? (
        <Note tone="warn">{t("setUp.noCode")}</Note>
      ) : (
        <>
          <p className="muted">{t("setUp.text")}</p>
          <Form
            onSubmit={(values) => create.mutate(values)}
            error={create.error}
            foot={
              <Button type="submit" kind="primary" disabled={create.isPending}>
                {t("setUp.submit")}
              </Button>
            }
          >
            <TextField name="email" label={t("signIn.email")} type="email" autoComplete="username" required autoFocus />
            <AccountFields />
          </Form>
        </>
      )}
    </SignInCard>
  );
}
