/** Second factor in the profile: set-up with a QR code, recovery codes, turning it off. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { encode } from "uqr";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Copyable } from "../components/copy.tsx";
import { FormDialog } from "../components/form-dialog.tsx";
import { Form, TextField } from "../components/form.tsx";
import { Card } from "../components/page.tsx";
import { Note } from "../components/state.tsx";
import { download } from "../lib/download.ts";
import styles from "./account.module.css";

type Profile = components["schemas"]["ProfileOut"];

export function SecondFactor({ profile }: { readonly profile: Profile }) {
  const { t } = useTranslation();
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const on = profile.secondFactor;
  return (
    <Card
      title={t("profile.factor")}
      lead={t(on ? "profile.factorOn" : "profile.factorOff")}
      actions={<Badge tone={on ? "good" : "neutral"}>{t(on ? "users.states.active" : "users.states.disabled")}</Badge>}
    >
      {codes !== null && <Codes codes={codes} />}
      {on ? <Active profile={profile} onCodes={setCodes} /> : <SetUp onCodes={setCodes} />}
    </Card>
  );
}

/** Recovery codes that were just created. They are shown only once. */
function Codes({ codes }: { readonly codes: readonly string[] }) {
  const { t } = useTranslation();
  return (
    <Note tone="warn">
      <strong>{t("profile.codes")}</strong>
      <p>{t("profile.codesText")}</p>
      <ul className={styles["codes"]}>
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <Button small onClick={() => download("posthorn-recovery-codes.txt", `${codes.join("\n")}\n`, "text/plain")}>
        {t("profile.download")}
      </Button>
    </Note>
  );
}

type OnCodes = (codes: readonly string[] | null) => void;

function SetUp({ onCodes }: { readonly onCodes: OnCodes }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const prepare = useMutation({
    mutationFn: (currentPassword: string) =>
      must(api.POST("/api/v1/profile/second-factor", { body: { currentPassword } })),
  });
  const confirm = useMutation({
    mutationFn: (code: string) => must(api.POST("/api/v1/profile/second-factor/confirm", { body: { code } })),
    onSuccess: async ({ codes }) => {
      onCodes(codes);
      await queries.invalidateQueries({ queryKey: ["profile"] });
      await queries.invalidateQueries({ queryKey: ["sessions"] });
    },
  });
  if (prepare.data === undefined) {
    return (
      <Form
        onSubmit={({ currentPassword = "" }) => prepare.mutate(currentPassword)}
        error={prepare.error}
        foot={
          <Button type="submit" disabled={prepare.isPending}>
            {t("profile.setUp")}
          </Button>
        }
      >
        <TextField
          name="currentPassword"
          label={t("profile.currentPassword")}
          type="password"
          autoComplete="current-password"
          required
        />
      </Form>
    );
  }
  return (
    <Form
      onSubmit={({ code = "" }) => confirm.mutate(code.trim())}
      error={confirm.error}
      foot={
        <Button type="submit" kind="primary" disabled={confirm.isPending}>
          {t("profile.confirm")}
        </Button>
      }
    >
      <p className="muted">{t("profile.scan")}</p>
      <QrCode text={prepare.data.uri} label={t("profile.qr")} />
      <p>
        {t("profile.secret")}: <Copyable text={prepare.data.secret} />
      </p>
      <TextField name="code" label={t("signIn.code")} autoComplete="one-time-code" required />
    </Form>
  );
}

/** Drawn as one path, because the content security policy forbids images from strings. */
function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const { data, size } = encode(text, { border: 2 });
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  return (
    <svg
      className={styles["qr"]}
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <path d={path} />
    </svg>
  );
}

function Active({ profile, onCodes }: { readonly profile: Profile; readonly onCodes: OnCodes }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const changed = (): Promise<void> => queries.invalidateQueries({ queryKey: ["profile"] });
  return (
    <>
      <p>{t("profile.codesLeft", { count: profile.recoveryCodesLeft })}</p>
      <div className={styles["actions"]}>
        <WithCode
          label={t("profile.newCodes")}
          title={t("profile.newCodesTitle")}
          text={t("profile.newCodesText")}
          act={async (code) => {
            const { codes } = await must(api.POST("/api/v1/profile/recovery-codes", { body: { code } }));
            onCodes(codes);
            await changed();
          }}
        />
        <WithCode
          label={t("profile.turnOff")}
          title={t("profile.turnOffTitle")}
          text={t("signIn.codeText")}
          danger
          act={async (code) => {
            await must(api.POST("/api/v1/profile/second-factor/turn-off", { body: { code } }));
            onCodes(null);
            await changed();
          }}
        />
      </div>
    </>
  );
}

interface WithCodeProps {
  readonly label: string;
  readonly title: string;
  readonly text: string;
  readonly danger?: boolean;
  readonly act: (code: string) => Promise<void>;
}

/** A change that needs a one-time or recovery code. */
function WithCode({ label, title, text, danger = false, act }: WithCodeProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const change = useMutation({ mutationFn: act, onSuccess: () => setOpen(false) });
  return (
    <FormDialog
      trigger={
        <Button small kind={danger ? "danger" : "plain"}>
          {label}
        </Button>
      }
      title={title}
      open={open}
      onOpenChange={setOpen}
      submit={label}
      danger={danger}
      onSubmit={({ code = "" }) => change.mutate(code.trim())}
      error={change.error}
      busy={change.isPending}
    >
      <p className="muted">{text}</p>
      <TextField name="code" label={t("signIn.code")} autoComplete="one-time-code" required autoFocus />
    </FormDialog>
  );
}
