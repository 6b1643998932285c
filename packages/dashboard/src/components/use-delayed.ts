import { useEffect, useState } from "react";

/** Returns the value once it has not changed for a while. */
export function useDelayed<Value>(value: Value, waitMs: number): Value {
  const [delayed, setDelayed] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setDelayed(value), waitMs);
    return () => clearTimeout(timer);
  }, [value, waitMs]);
  return delayed;
}
