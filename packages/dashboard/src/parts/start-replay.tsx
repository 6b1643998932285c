import { useTranslation } from "react-i18next";
import { Button } from "../components/button.tsx";
import { Form, FormRow, type FormValues, TextField } from "../components/form.tsx";

export interface StartReplayProps {
  /** Number of messages that the dry run would send. */
  readonly toSend: number;
  readonly busy: boolean;
  readonly error: Error | null;
  readonly onStart: (how: { readonly ratePerSecond?: number; readonly reason?: string }) => void;
}

/** Form that starts a replay after its dry run. */
export function StartReplay({ toSend, busy, error, onStart }: StartReplayProps) {
  const { t } = useTranslation();
  const submit = ({ rate = "", reason = "" }: FormValues): void => {
    onStart({ ...(rate === "" ? {} : { ratePerSecond: Number(rate) }), ...(reason === "" ? {} : { reason }) });
  };
  return (
    <Form
      onSubmit={submit}
      error={error}
      foot={
        <Button type="submit" kind="primary" disabled={busy || toSend === 0}>
          {t("replays.start")}
        </Button>
      }
    >
      <FormRow>
        <TextField
          name="rate"
          type="number"
          min={1}
          max={10_000}
          label={t("replays.rate")}
          help={t("replays.rateHelp")}
        />
        <TextField name="reason" label={t("replays.reason")} help={t("replays.reasonHelp")} />
      </FormRow>
    </Form>
  );
}
