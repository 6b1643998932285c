/** Ways to sign in other than a password, on the sign-in page. */
import { browserSupportsWebAuthn, startAuthentication } from "@simplewebauthn/browser";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { FormError } from "../components/form.tsx";
import { basePath } from "../lib/base.ts";
import { startCookieSession } from "../session/session.ts";
import styles from "./account.module.css";

type RequestOptions = Parameters<typeof startAuthentication>[0]["optionsJSON"];

/** @param email What the reader has entered so far: some servers offer a provider only for its domain. */
export function SignInMethods({ email }: { readonly email: string }) {
  const { t } = useTranslation();
  const domain = email.includes("@") ? email.slice(email.lastIndexOf("@") + 1) : "";
  const offered = useQuery({
    queryKey: ["offered-providers", domain],
    queryFn: () =>
      must(api.GET("/api/v1/sign-in/provider", { params: { query: domain === "" ? {} : { email: `any@${domain}` } } })),
    retry: false,
  });
  const provider = useMutation({
    mutationFn: (id: string) =>
      must(api.POST("/api/v1/sign-in/provider", { body: { provider: id, returnTo: wanted() } })),
    onSuccess: ({ url }) => location.assign(url),
  });
  const passkey = useMutation({
    mutationFn: async () => {
      const { options } = await must(api.POST("/api/v1/sign-in/passkey/options"));
      const response = await startAuthentication({ optionsJSON: options as unknown as RequestOptions }).catch(
        () => null,
      );
      if (response === null) throw new Error(t("passkeys.failed"));
      const body = { response: response as unknown as Record<string, unknown> };
      return await must(api.POST("/api/v1/sign-in/passkey", { body }));
    },
    onSuccess: startCookieSession,
  });
  const isBusy = provider.isPending || passkey.isPending;
  return (
    <div className={styles["methods"]}>
      <p className="muted">{t("identities.or")}</p>
      {(offered.data?.data ?? []).map(({ id, name }) => (
        <Button key={id} disabled={isBusy} onClick={() => provider.mutate(id)}>
          {t("identities.signIn", { name })}
        </Button>
      ))}
      {browserSupportsWebAuthn() && (
        <Button disabled={isBusy} onClick={() => passkey.mutate()}>
          {t("passkeys.signIn")}
        </Button>
      )}
      <FormError error={provider.error ?? passkey.error} />
    </div>
  );
}

/** The page that the reader wanted to see, without the base path of the server. */
function wanted(): string {
  const path = location.pathname.slice(basePath().length) || "/";
  return path === "/sign-in" ? "/" : `${path}${location.search}`;
}
