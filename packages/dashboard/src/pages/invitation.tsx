import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Form, FormError, type FormValues } from "../components/form.tsx";
import { Loading, Note } from "../components/state.tsx";
import { AccountFields, useSignedIn } from "../parts/new-account.tsx";
import { roleText } from "../lib/role-text.ts";
import { dropLinkCode, useLinkCode } from "../session/link-code.ts";
import { useSession } from "../session/use-session.ts";
import { SignIn } from "./sign-in.tsx";
import { SignInCard } from "./sign-in-card.tsx";

/** Accepts an invitation: creates an account, or adds the role to the account that is signed in. */
export function InvitationPage() {
  const { t } = useTranslation();
  const session = useSession();
  const code = useLinkCode("invitation");
  // A new session empties the cache of queries, and the code can be used only once.
  const [isAccepted, setAccepted] = useState(false);
  const details = useQuery({
    queryKey: ["invitation", code],
    queryFn: () => must(api.POST("/api/v1/sign-in/invitation", { body: { code: code ?? "" } })),
    enabled: code !== null && !isAccepted,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (details.data?.hasAccount === true && session === null) return <SignIn />;
  return (
    <SignInCard title={t("invitation.title")}>
      {code === null || details.error !== null ? (
        <Note tone="warn">{t("invitation.noCode")}</Note>
      ) : details.data === undefined ? (
        <Loading lines={3} />
      ) : (
        <>
          <p className="muted">
            {t(details.data.createdBy === "" ? "invitation.textByToken" : "invitation.text", {
              by: details.data.createdBy,
              role: roleText(t, details.data.role),
              email: details.data.email,
            })}
          </p>
          {details.data.hasAccount ? <Join code={code} /> : <Accept code={code} onAccepted={() => setAccepted(true)} />}
        </>
      )}
    </SignInCard>
  );
}

function Accept({ code, onAccepted }: { readonly code: string; readonly onAccepted: () => void }) {
  const { t } = useTranslation();
  const { signedIn } = useSignedIn("invitation");
  const accept = useMutation({
    mutationFn: ({ name = "", password = "" }: FormValues) =>
      must(api.POST("/api/v1/sign-in/invitation/accept", { body: { code, name, password } })),
    onSuccess: async (result) => {
      onAccepted();
      await signedIn(result);
    },
  });
  return (
    <Form
      onSubmit={(values) => accept.mutate(values)}
      error={accept.error}
      foot={
        <Button type="submit" kind="primary" disabled={accept.isPending}>
          {t("invitation.submit")}
        </Button>
      }
    >
      <AccountFields />
    </Form>
  );
}

function Join({ code }: { readonly code: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const join = useMutation({
    mutationFn: () => must(api.POST("/api/v1/profile/invitation", { body: { code } })),
    onSuccess: async () => {
      dropLinkCode("invitation");
      await navigate({ to: "/", replace: true });
    },
  });
  return (
    <>
      <FormError error={join.error} />
      <Button kind="primary" disabled={join.isPending} onClick={() => join.mutate()}>
        {t("invitation.join")}
      </Button>
    </>
  );
}
