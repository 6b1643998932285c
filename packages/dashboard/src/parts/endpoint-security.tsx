import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Eye, RefreshCw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Tags } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Copyable } from "../components/copy.tsx";
import { Dialog } from "../components/dialog.tsx";
import { AreaField, Form, FormError, type FormValues, SelectField, TextField } from "../components/form.tsx";
import formStyles from "../components/form.module.css";
import { Card, Columns, Facts } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import type { Endpoint } from "./endpoint-view.tsx";

export interface EndpointSecurityProps {
  readonly app: string;
  readonly endpoint: Endpoint;
}

export function EndpointSecurity({ app, endpoint }: EndpointSecurityProps) {
  return (
    <>
      <Columns>
        <Secret app={app} id={endpoint.id} />
        <Network app={app} id={endpoint.id} />
      </Columns>
      <Headers app={app} id={endpoint.id} />
    </>
  );
}

interface Ref {
  readonly app: string;
  readonly id: string;
}

/** Asked for when somebody wants to see it, and not before. */
function Secret({ app, id }: Ref) {
  const { t } = useTranslation();
  const path = { app_id: app, endpoint_id: id };
  const reveal = useMutation({
    mutationFn: () => must(api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}/secret", { params: { path } })),
  });
  return (
    <Card title={t("endpoints.secret")} lead={t("endpoints.secretLead")}>
      {reveal.data === undefined ? (
        <p>
          <code>whsec_••••••••••••••••</code>
        </p>
      ) : (
        <p>
          <Copyable text={reveal.data.key} />
        </p>
      )}
      <FormError error={reveal.error} />
      <div className={formStyles["foot"]} data-start>
        <Button onClick={() => reveal.mutate()} disabled={reveal.isPending || reveal.data !== undefined}>
          <Eye aria-hidden />
          {t("actions.show")}
        </Button>
        <Rotate app={app} id={id} onRotated={() => reveal.reset()} />
      </div>
    </Card>
  );
}

const GRACE = { none: 0, hour: 3600, day: 86_400, week: 604_800 } as const;
type Grace = keyof typeof GRACE;

function Rotate({ app, id, onRotated }: Ref & { readonly onRotated: () => void }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const [done, setDone] = useState(false);
  const rotate = useMutation({
    mutationFn: ({ key = "", grace = "day" }: FormValues) =>
      must(
        api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/secret/rotate", {
          params: { path: { app_id: app, endpoint_id: id } },
          body: { gracePeriodSeconds: GRACE[grace as Grace], ...(key.trim() === "" ? {} : { key: key.trim() }) },
        }),
      ),
    onSuccess: () => {
      setOpen(false);
      setDone(true);
      onRotated();
    },
  });
  return (
    <>
      {done && <span role="status">{t("endpoints.rotated")}</span>}
      <Dialog
        trigger={
          <Button>
            <RefreshCw aria-hidden />
            {t("endpoints.rotate")}
          </Button>
        }
        title={t("endpoints.rotateTitle")}
        open={open}
        onOpenChange={setOpen}
      >
        <Form
          onSubmit={(values) => rotate.mutate(values)}
          error={rotate.error}
          foot={
            <>
              <Button onClick={() => setOpen(false)}>{t("actions.cancel")}</Button>
              <Button type="submit" kind="primary" disabled={rotate.isPending}>
                {t("endpoints.rotate")}
              </Button>
            </>
          }
        >
          <p className="muted">{t("endpoints.rotateText")}</p>
          <SelectField
            name="grace"
            label={t("endpoints.grace")}
            value="day"
            choices={(Object.keys(GRACE) as Grace[]).map((value) => ({ value, label: t(`endpoints.graces.${value}`) }))}
          />
          <TextField name="key" label={t("endpoints.ownSecret")} help={t("endpoints.ownSecretHelp")} />
        </Form>
      </Dialog>
    </>
  );
}

function Headers({ app, id }: Ref) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const path = { app_id: app, endpoint_id: id };
  const key = ["headers", app, id];
  const headers = useQuery({
    queryKey: key,
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}/headers", { params: { path } })),
  });
  const save = useMutation({
    mutationFn: ({ headers: text = "", remove = "" }: FormValues) =>
      must(
        api.PATCH("/api/v1/app/{app_id}/endpoint/{endpoint_id}/headers", {
          params: { path },
          body: {
            headers: { ...removed(headers.data?.headers ?? {}, text), ...headersOf(text) },
            deleteHeaders: remove.split(/[,\s]+/).filter((name) => name !== ""),
          },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: key }),
  });
  if (headers.error !== null) return <Failed error={headers.error} retry={() => void headers.refetch()} />;
  if (headers.data === undefined) return <Loading />;
  const { sensitive } = headers.data;
  const shown = Object.entries(headers.data.headers);
  return (
    <Card title={t("endpoints.headers")} lead={t("endpoints.headersLead")}>
      <Form
        key={headers.dataUpdatedAt}
        onSubmit={(values) => save.mutate(values)}
        error={save.error}
        foot={
          <>
            {save.isSuccess && <span role="status">{t("actions.saved")}</span>}
            <Button type="submit" kind="primary" disabled={save.isPending}>
              {t("actions.save")}
            </Button>
          </>
        }
      >
        <AreaField
          name="headers"
          label={t("endpoints.headersText")}
          value={shown.map(([name, value]) => `${name}: ${value}`).join("\n")}
          placeholder={"x-team: billing"}
          rows={4}
        />
        {sensitive.length > 0 && (
          <>
            <p className="muted">
              {t("endpoints.sensitive")} <Tags names={sensitive} />
            </p>
            <TextField name="remove" label={t("endpoints.removeHeaders")} />
          </>
        )}
      </Form>
    </Card>
  );
}

/** One `name: value` a line. */
function headersOf(text: string): Record<string, string> {
  const pairs = text.split("\n").flatMap((line): readonly (readonly [string, string])[] => {
    const colon = line.indexOf(":");
    return colon < 1 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
  });
  return Object.fromEntries(pairs);
}

/** Those that were there and are not any more. */
function removed(before: Readonly<Record<string, string>>, text: string): Record<string, null> {
  const names = new Set(Object.keys(headersOf(text)).map((name) => name.toLowerCase()));
  const gone = Object.keys(before).filter((name) => !names.has(name.toLowerCase()));
  return Object.fromEntries(gone.map((name) => [name, null]));
}

/** How its requests are authorised and carried: what may be seen of it. */
function Network({ app, id }: Ref) {
  const { t } = useTranslation();
  const path = { app_id: app, endpoint_id: id };
  const egress = useQuery({
    queryKey: ["egress", app, id],
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}/egress", { params: { path } })),
  });
  if (egress.error !== null) return <Failed error={egress.error} />;
  if (egress.data === undefined) return <Loading lines={3} />;
  const { auth, tls, proxy } = egress.data;
  const validTo = tls?.clientCertificateValidTo ?? null;
  return (
    <Card title={t("endpoints.network")} lead={t("endpoints.networkLead")}>
      <Facts
        facts={[
          [t("endpoints.auth"), auth?.type ?? "–"],
          [t("endpoints.tls"), tls === null || tls === undefined ? "–" : t("endpoints.tlsOwn")],
          ...(validTo === null ? [] : [[t("attempts.validTo"), <Time key="to" at={validTo} />] as const]),
          [t("endpoints.proxy"), proxy?.scheme ?? "–"],
        ]}
      />
    </Card>
  );
}
