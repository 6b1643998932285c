import { KeyRound } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../components/button.tsx";
import { Copyable } from "../components/copy.tsx";
import { TextField } from "../components/form.tsx";
import { generateSecret } from "../lib/generate-secret.ts";

interface SourceSecretFieldProps {
  readonly help: string;
  readonly required?: boolean;
  readonly autoFocus?: boolean;
}

/** Field `secret` of a form, with a button that generates one and shows it to be copied to the provider. */
export function SourceSecretField({ help, required = false, autoFocus = false }: SourceSecretFieldProps) {
  const { t } = useTranslation();
  const [generated, setGenerated] = useState("");
  return (
    <div>
      <TextField
        // The field is uncontrolled: a new one starts with the generated value.
        key={generated}
        name="secret"
        type="password"
        label={t("sources.secret")}
        help={help}
        value={generated}
        required={required}
        autoFocus={autoFocus}
      />
      <p>
        <Button small onClick={() => setGenerated(generateSecret())}>
          <KeyRound aria-hidden />
          {t("sources.generateSecret")}
        </Button>
      </p>
      <p role="status">
        {generated !== "" && (
          <>
            {t("sources.copySecret")} <Copyable text={generated} />
          </>
        )}
      </p>
    </div>
  );
}
