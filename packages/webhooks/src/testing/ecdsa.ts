/** Converts an ECDSA signature from r and s concatenated to DER, as SendGrid sends it. */
export function ecdsaToDer(signature: Uint8Array): Uint8Array {
  const width = signature.length / 2;
  const content = [...derInteger(signature.subarray(0, width)), ...derInteger(signature.subarray(width))];
  return Uint8Array.from([0x30, content.length, ...content]);
}

function derInteger(part: Uint8Array): number[] {
  let digits = part;
  while (digits.length > 1 && digits[0] === 0) digits = digits.subarray(1);
  // DER integers are signed, so a leading zero keeps the number positive.
  const pad = digits[0]! < 0x80 ? [] : [0];
  return [0x02, digits.length + pad.length, ...pad, ...digits];
}
