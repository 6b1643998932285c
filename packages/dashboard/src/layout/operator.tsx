/** The dashboard: signed in with a token of the organisation. */
import { Link } from "@tanstack/react-router";
import { Trans } from "react-i18next";
import { SignIn } from "../pages/sign-in.tsx";
import { FaceContext, type Face } from "../session/face.ts";
import { useSession } from "../session/use-session.ts";
import { Shell } from "./shell.tsx";

const OPERATOR: Face = {
  kind: "operator",
  endpoint: (app, endpoint) => ({ to: "/applications/$app/endpoints/$endpoint", params: { app, endpoint } }),
  message: (app, message) => ({ to: "/applications/$app/messages/$message", params: { app, message } }),
  crumbs: (app) => [
    <Link key="all" to="/applications">
      <Trans i18nKey="applications.title" />
    </Link>,
    <Link key="app" to="/applications/$app" params={{ app }}>
      <Trans i18nKey="applications.one" />
    </Link>,
  ],
};

export function Operator() {
  const session = useSession();
  if (session === null) return <SignIn />;
  return (
    <FaceContext value={OPERATOR}>
      <Shell />
    </FaceContext>
  );
}
