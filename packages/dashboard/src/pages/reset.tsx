import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Form } from "../components/form.tsx";
import { Loading, Note } from "../components/state.tsx";
import { NewPasswordField, useSignedIn } from "../parts/new-account.tsx";
import { useLinkCode } from "../session/link-code.ts";
import { SignInCard } from "./sign-in-card.tsx";

/** Sets a new password, through a link that an administrator or the command line created. */
export function ResetPage() {
  const { t } = useTranslation();
  const code = useLinkCode("reset");
  const { signedIn, step } = useSignedIn("reset");
  const details = useQuery({
    queryKey: ["reset", code],
    queryFn: () => must(api.POST("/api/v1/sign-in/reset/check", { body: { code: code ?? "" } })),
    enabled: code !== null,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const reset = useMutation({
    mutationFn: (password: string) => must(api.POST("/api/v1/sign-in/reset", { body: { code: code ?? "", password } })),
    onSuccess: signedIn,
  });
  if (step !== null) return <SignInCard title={t("reset.title")}>{step}</SignInCard>;
  return (
    <SignInCard title={t("reset.title")}>
      {code === null || details.error !== null ? (
        <Note tone="warn">{t("reset.noCode")}</Note>
      ) : details.data === undefined ? (
        <Loading lines={3} />
      ) : (
        <>
          <p className="muted">{t("reset.text", { email: details.data.email })}</p>
          <Form
            onSubmit={({ newPassword = "" }) => reset.mutate(newPassword)}
            error={reset.error}
            foot={
              <Button type="submit" kind="primary" disabled={reset.isPending}>
                {t("reset.submit")}
              </Button>
            }
          >
            <NewPasswordField name="newPassword" />
          </Form>
        </>
      )}
    </SignInCard>
  );
}
