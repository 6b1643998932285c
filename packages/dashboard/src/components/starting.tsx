/** Placeholder for a whole page whose scripts or texts are still loading. The same as in `index.html`, so that nothing moves in between. */
export function Starting() {
  return (
    <div className="starting" aria-hidden>
      <div />
      <div />
      <div />
    </div>
  );
}
